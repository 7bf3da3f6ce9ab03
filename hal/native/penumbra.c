/* What Python is too slow or too blockable for; hal/native/twin.py is the same in Python. */
#define _GNU_SOURCE
#include "penumbra.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NUMBER_LIMIT 32 /* octets: a sign, 18 digits (they fit 64 bits) and blanks */
#define DIGIT_LIMIT 18
#define LEASE_PRIORITY 60 /* above all that computes, and above the guard that speaks to it */

/* ---- I2C: SMBus word transfers; SMBus sends the low octet first, these chips the high one ---- */

static int smbus_word(int descriptor, uint8_t direction, uint8_t reg, uint16_t *word)
{
    union i2c_smbus_data data = {.word = *word};
    struct i2c_smbus_ioctl_data request = {direction, reg, I2C_SMBUS_WORD_DATA, &data};
    if (ioctl(descriptor, I2C_SMBUS, &request) < 0)
        return -errno;
    *word = data.word;
    return 0;
}

static int select_chip(int descriptor, int address)
{
    return ioctl(descriptor, I2C_SLAVE, (long)address) < 0 ? -errno : 0;
}

int penumbra_i2c_read_words(int descriptor, int address, const uint8_t *registers, int count, uint16_t *values)
{
    int result = select_chip(descriptor, address);
    for (int i = 0; i < count && result == 0; i++) {
        uint16_t word = 0;
        result = smbus_word(descriptor, I2C_SMBUS_READ, registers[i], &word);
        values[i] = __builtin_bswap16(word);
    }
    return result;
}

int penumbra_i2c_write_word(int descriptor, int address, uint8_t reg, uint16_t value)
{
    uint16_t word = __builtin_bswap16(value);
    int result = select_chip(descriptor, address);
    return result < 0 ? result : smbus_word(descriptor, I2C_SMBUS_WRITE, reg, &word);
}

/* ---- decimal files ---- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int penumbra_parse_decimal(const char *content, int length, int64_t *value)
{
    int i = 0, digits = 0, is_negative = 0;
    int64_t sum = 0;
    if (length > NUMBER_LIMIT)
        return -EBADMSG;
    while (i < length && is_blank(content[i]))
        i++;
    if (i < length && (content[i] == '-' || content[i] == '+'))
        is_negative = content[i++] == '-';
    for (; i < length && content[i] >= '0' && content[i] <= '9'; i++) {
        if (++digits > DIGIT_LIMIT)
            return -EBADMSG;
        sum = sum * 10 + (content[i] - '0');
    }
    while (i < length && (is_blank(content[i]) || content[i] == '\n'))
        i++;
    if (i != length || digits == 0)
        return -EBADMSG;
    *value = is_negative ? -sum : sum;
    return 0;
}

int penumbra_read_decimal(int descriptor, int64_t *value)
{
    char content[NUMBER_LIMIT + 1];
    ssize_t length = pread(descriptor, content, sizeof content, 0);
    return length < 0 ? -errno : penumbra_parse_decimal(content, (int)length, value);
}

/* ---- the lease: this process stops itself when the shared expiry passes, whoever else is dead ---- */

static struct {
    const int64_t *expiry_ns; /* CLOCK_MONOTONIC; 0: no lease is needed */
    int64_t poll_ns; /* the longest sleep: a holder that cannot wake is heard at the next look */
    pthread_t thread;
    int is_stopped;
} lease;

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A futex is 32 bits wide: the half of the expiry that changes with every new value. */
static uint32_t *half_that_changes(const int64_t *expiry_ns)
{
    return (uint32_t *)expiry_ns + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static void sleep_until_told(int64_t expiry_ns, int64_t now_ns)
{
    int64_t wait_ns = lease.poll_ns, left_ns = expiry_ns - now_ns + 1;
    if (expiry_ns != 0 && left_ns > 0 && left_ns < wait_ns)
        wait_ns = left_ns;
    struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
    syscall(SYS_futex, half_that_changes(lease.expiry_ns), FUTEX_WAIT, (uint32_t)expiry_ns, &wait, NULL, 0);
}

/* tgkill to the thread itself: it starts the stop of the whole process on its way out of the call, whatever the
 * threads that compute are doing. */
static void *lease_watch(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&lease.is_stopped, __ATOMIC_ACQUIRE)) {
        int64_t expiry_ns = __atomic_load_n(lease.expiry_ns, __ATOMIC_ACQUIRE), now_ns = monotonic_ns();
        if (expiry_ns != 0 && now_ns > expiry_ns)
            syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGSTOP);
        else
            sleep_until_told(expiry_ns, now_ns);
    }
    return NULL;
}

int penumbra_lease_wake(void *expiry_ns)
{
    return syscall(SYS_futex, half_that_changes(expiry_ns), FUTEX_WAKE, INT_MAX, NULL, NULL, 0) < 0 ? -errno : 0;
}

static int map_expiry(const char *path, const int64_t **expiry_ns)
{
    struct stat status;
    int result = 0, descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    void *address = MAP_FAILED;
    if (fstat(descriptor, &status) < 0)
        result = -errno;
    else if (status.st_size < (off_t)sizeof(int64_t))
        result = -EINVAL;
    else if ((address = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, descriptor, 0)) == MAP_FAILED)
        result = -errno;
    close(descriptor);
    *expiry_ns = address;
    return result;
}

static int start_thread(void)
{
    /* Signals belong to the interpreter's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = -pthread_create(&lease.thread, NULL, lease_watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result == 0) {
        struct sched_param first = {.sched_priority = LEASE_PRIORITY};
        pthread_setschedparam(lease.thread, SCHED_FIFO, &first); /* where it is not allowed, an ordinary thread serves */
    }
    return result;
}

int penumbra_lease_start(const char *path, int poll_us)
{
    if (lease.expiry_ns != NULL)
        return -EBUSY;
    const int64_t *expiry_ns;
    int result = map_expiry(path, &expiry_ns);
    if (result < 0)
        return result;
    lease.expiry_ns = expiry_ns;
    lease.is_stopped = 0;
    lease.poll_ns = poll_us * 1000LL;
    result = start_thread();
    if (result < 0) {
        munmap((void *)expiry_ns, sizeof(int64_t));
        lease.expiry_ns = NULL;
    }
    return result;
}

void penumbra_lease_stop(void)
{
    if (lease.expiry_ns == NULL)
        return;
    __atomic_store_n(&lease.is_stopped, 1, __ATOMIC_RELEASE);
    penumbra_lease_wake((void *)lease.expiry_ns);
    pthread_join(lease.thread, NULL);
    munmap((void *)lease.expiry_ns, sizeof(int64_t));
    lease.expiry_ns = NULL;
}
