"""What people type: flights, ground tool, models, benches, images. Only `tools.flight` composes `sim` with `fsw`."""
