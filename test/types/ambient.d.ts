/** Names of the DOM that the declarations of @google/genai mention and Node's types lack. */
type RequestInfo = string | URL | Request;

interface ErrorEvent extends Event {
  readonly message: string;
  readonly error: unknown;
}
