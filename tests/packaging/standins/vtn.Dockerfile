# Stands in for ghcr.io/openleadr/openleadr-rs: the program in the same place, as the same user.
FROM ven-daemon-standin-base
COPY openleadr-vtn /dist/openleadr-vtn
EXPOSE 3000
USER 2000:2000
ENTRYPOINT ["/dist/openleadr-vtn"]
