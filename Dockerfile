FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.8
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# The packages first: they change less often than the code.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY src src
RUN uv sync --frozen --no-dev --no-editable


FROM python:3.11-slim-bookworm
# Debian keeps only the newest version of a package, so a pinned one would stop building within weeks.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /home/forgehand forgehand \
    && install --directory --owner forgehand --group forgehand --mode 0700 /data
COPY --from=build /app/.venv /app/.venv
# Inside a container the addresses are the container's own: what is published is the operator's choice.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FORGEHAND_HOST=0.0.0.0 \
    FORGEHAND_ADMIN_HOST=0.0.0.0 \
    FORGEHAND_DATA_DIR=/data \
    FORGEHAND_DATABASE_URL=sqlite:////data/forgehand.db
USER 10001
WORKDIR /home/forgehand
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8080') + '/health', timeout=2)"]
ENTRYPOINT ["forgehand"]
CMD ["serve"]
