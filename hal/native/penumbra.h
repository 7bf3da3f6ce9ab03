/* The native functions of hal.native. Each returns 0 (or a count) or a negative errno. */
#include <stdint.h>

int penumbra_i2c_read_words(int descriptor, int address, const uint8_t *registers, int count, uint16_t *values);
int penumbra_i2c_write_word(int descriptor, int address, uint8_t reg, uint16_t value);

/* -EBADMSG when the content is not a decimal integer of at most 18 digits. */
int penumbra_parse_decimal(const char *content, int length, int64_t *value);
int penumbra_read_decimal(int descriptor, int64_t *value);

/* One lease a process; -EBUSY when one is watched already. */
int penumbra_lease_start(const char *path, int poll_us);
void penumbra_lease_stop(void);
/* Wakes whoever watches the expiry at this address, to be called by its holder after a change for the worse. */
int penumbra_lease_wake(void *expiry_ns);
