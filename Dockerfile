# The gateway as a small image: built in one stage, run without root, build tools or package caches in another.

FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/sparingly
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src ./src
RUN /opt/sparingly/bin/pip install --no-cache-dir --no-compile -c constraints.txt .

FROM python:3.13-slim
# A fixed id, so that a folder mounted from outside can be given to it.
RUN groupadd --system --gid 10001 sparingly \
    && useradd --system --uid 10001 --gid sparingly --no-create-home --home-dir /var/lib/sparingly sparingly \
    && install -d -o sparingly -g sparingly -m 0700 /var/lib/sparingly
COPY --from=build /opt/sparingly /opt/sparingly
ENV PATH=/opt/sparingly/bin:$PATH \
    HOME=/var/lib/sparingly \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/sparingly
VOLUME /var/lib/sparingly
EXPOSE 8787
# The slim image has no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8787/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sparingly"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8787", "--data", "/var/lib/sparingly"]
