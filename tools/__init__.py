"""What people type: flights, the ground tool, models, benches, images. Composes `sim` with `fsw` in `tools.flight` alone."""
