"""What surfaces share and none of them owns: the gate, versions, fields, answers, the server."""
