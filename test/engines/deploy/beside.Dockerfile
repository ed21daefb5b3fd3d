# What stands beside the bot in the suite: a Redis and an emulated Slack.
ARG BACKOUT
FROM ${BACKOUT}
USER root
COPY redis /
COPY slack /slack
RUN ldconfig
USER 10001:10001
ENTRYPOINT []
CMD []
