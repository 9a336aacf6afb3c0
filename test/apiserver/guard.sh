# Runs $binary until it ends, or is told to end, or the process that started this script is gone; in that last case nobody
# else will remove $folder. The waits run in the background, because a shell acts on a signal only between commands.
"$binary" "$@" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server"; exit' TERM INT
while kill -0 "$PPID" 2>/dev/null && kill -0 "$server" 2>/dev/null; do
	sleep 1 &
	wait $!
done
if ! kill -0 "$PPID" 2>/dev/null; then
	kill "$server" 2>/dev/null
	wait "$server"
	rm -rf "$folder"
fi
wait "$server"
