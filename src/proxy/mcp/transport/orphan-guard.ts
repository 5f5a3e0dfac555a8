/**
 * Ends the processes of a gateway that can no longer end them itself, because it was killed: a
 * shell, in a process group of its own, that waits for its input to break off. Costs about a
 * megabyte and is started with the first process to guard.
 */
import { spawn, type ChildProcess } from "node:child_process";

/** Each line is `+ <process group>` or `- <process group>`. Behind `--` dash wants `-s`. */
const SCRIPT = `
trap '' HUP INT TERM
groups=' '
while read -r op group; do
  case $op in
    +) groups="$groups$group " ;;
    -) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
[ "$groups" = ' ' ] || sleep 1
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

export class OrphanGuard implements Disposable {
  #shell: ChildProcess | undefined;

  watch(group: number): void {
    this.#tell(`+ ${group}\n`);
  }

  release(group: number): void {
    this.#tell(`- ${group}\n`);
  }

  [Symbol.dispose](): void {
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #tell(line: string): void {
    this.#shell ??= startShell();
    this.#shell.stdin?.write(line);
  }
}

function startShell(): ChildProcess {
  const shell = spawn("/bin/sh", ["-c", SCRIPT], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: "/usr/bin:/bin" },
  });
  // Without a guard the processes still end with their input; nothing else depends on it.
  shell.on("error", () => {});
  shell.stdin?.on("error", () => {});
  shell.unref();
  return shell;
}
