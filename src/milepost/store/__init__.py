"""SQL that writes, and the ground under it: connections, migrations, the embedded server."""
