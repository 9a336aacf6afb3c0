# Runs $binary until it ends or is told to end. A watcher in the background ends it when the process that started this
# script is gone; nobody else will remove $folder then. The watcher holds no stream of ours, so that whoever reads the
# binary's output sees its end at once.
"$binary" "$@" &
server=$!
echo "$server" >"$0.pid"
trap 'kill "$server" 2>/dev/null; wait "$server"; exit' TERM INT
(
	while kill -0 "$PPID" && kill -0 "$server"; do sleep 1; done
	kill -0 "$PPID" || kill "$server"
) </dev/null >/dev/null 2>&1 &
wait "$server"
code=$?
kill -0 "$PPID" 2>/dev/null || rm -rf "$folder"
exit "$code"
