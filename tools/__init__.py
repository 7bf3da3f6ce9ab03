"""What people type: flights, the ground tool, models, benches, images. Only `tools.flight` composes `sim` with `fsw`."""
