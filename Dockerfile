# syntax=docker/dockerfile:1

# --- dependencies: exact versions, no development or optional ones (the image brings its own Node)
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
RUN mkdir /empty

# --- the image: no shell, no package manager, not root
FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY src src
COPY policies policies

# The only directories that are written: the record while running, the compile cache now. The record
# is one below, where it is its owner's alone whatever volume is mounted.
COPY --from=dependencies --chown=65532:65532 /empty /var/lib/sallyport
COPY --from=dependencies --chown=65532:65532 /empty /var/cache/sallyport
# One arena: a heap for each thread costs an idle sidecar 6 MB. What shares a container's loopback is
# an agent, not its operator, and makes no keys.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    NODE_COMPILE_CACHE=/var/cache/sallyport \
    SALLYPORT_DATA_DIR=/var/lib/sallyport/data \
    SALLYPORT_API_LOCAL_BOOTSTRAP=false

# Warms the compile cache with the Node and the user that will run it, and proves that the image works.
RUN ["/nodejs/bin/node", "src/sallyport.js", "demo"]
RUN ["/nodejs/bin/node", "--eval", "Promise.all(['manage/management', 'app/native-plane', 'app/observe/metrics'].map((part) => import(`/app/src/${part}.ts`)))"]

VOLUME /var/lib/sallyport
EXPOSE 4100 4101
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/nodejs/bin/node", "--eval", "fetch('http://127.0.0.1:4101/readyz').then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nodejs/bin/node", "src/sallyport.js"]
CMD ["up"]
