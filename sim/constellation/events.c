/* Event mode in C, operation for operation as in events_model.py; see there for the reasons.
 *
 * Compiled like kernel.c, so that the results equal those of the other executors. Each phase is one loop over a block that
 * stays in the first-level cache through a day, and gcc vectorises it as it stands. */
#include "events.h"

#include <math.h>
#include <string.h>

#define BLOCK 64 /* about seventy rows of half a KiB */
#define TURN_SHARE (1.0 / (2.0 * 3.141592653589793))
#define GLOW_HIGH 0.9003163161571062 /* sin(pi/4) / (pi/4) */
#define GLOW_LOW 0.3729232285780567  /* (1 - sin(pi/4)) / (pi/4) */
#define TINY 1e-30
#define LEAST_STIFFNESS_W_K 1e-6
#define LEAST_POWER_W 1e-9
#define LEAST_TIME_S 1e-9
#define LEAST_GOAL_K4 1.0

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
#define INLINE static inline __attribute__((always_inline))

enum {
    CLOCK, TURNS, COS_NODE, SIN_NODE, STORED, ARRAY, PAYLOAD, BODY, FADE, ELAPSED, SUNLIT, ARRAY_J, COMPUTE_J, CYCLES,
    UMBRA, SOC_LOW, DEPTH, ARRAY_LOW, ARRAY_HIGH, PAYLOAD_LOW, PAYLOAD_HIGH, BODY_LOW, BODY_HIGH, ROWS
};

typedef double lane[BLOCK];

typedef struct {
    lane row[ROWS];
    lane sine_0, sine_1, sine_2, cycle_s, drift, capacity_j, reserve_j, cos_end, sin_end; /* of the day */
    lane time_s, low_j, high_j, umbra_s, dark_s, third_s, day_s, dusk_s, dawn_s, now_s, per_third, per_day, per_dusk, per_dawn;
    lane glow_high, glow_low, glow_none;
} block;

INLINE double lesser(double a, double b) { return a < b ? a : b; }
INLINE double greater(double a, double b) { return a > b ? a : b; }

INLINE double arc_cosine(double x) {
    double series = -0.0012624911;
    series = series * x + 0.0066700901;
    series = series * x + -0.0170881256;
    series = series * x + 0.0308918810;
    series = series * x + -0.0501743046;
    series = series * x + 0.0889789874;
    series = series * x + -0.2145988016;
    series = series * x + 1.5707963050;
    return sqrt(1.0 - x) * series;
}

INLINE double turns_of(double y, double x) {
    const double wide = fabs(x), high = fabs(y);
    const double ratio = lesser(wide, high) / greater(greater(wide, high), TINY);
    const double square = ratio * ratio;
    const double series
        = (((square * 0.0208351 + -0.0851330) * square + 0.1801410) * square + -0.3302995) * square + 0.9998660;
    const double acute = series * ratio * TURN_SHARE;
    const double right = high > wide ? 0.25 - acute : acute;
    const double angle = x < 0.0 ? 0.5 - right : right;
    return y < 0.0 ? -angle : angle;
}

/* exp(x) */
INLINE double rising(double x) {
    const double y = x * 0.125;
    double power = ((y * (1.0 / 6.0) + 0.5) * y + 1.0) * y + 1.0;
    power = power * power;
    power = power * power;
    power = power * power;
    return power;
}

INLINE double normal_part(const penumbra_cell *k, const double *sun, double cos_node, double sin_node) {
    const double across = cos_node * sun[1] - sin_node * sun[0];
    return k->cos_inclination * sun[2] - across * k->sin_inclination;
}

INLINE void turn_node(const penumbra_cell *k, double *cosine, double *sine) {
    const double x = *cosine * k->node_turn_cos - *sine * k->node_turn_sin;
    const double y = *sine * k->node_turn_cos + *cosine * k->node_turn_sin;
    const double scale = 1.5 - 0.5 * (x * x + y * y);
    *cosine = x * scale;
    *sine = y * scale;
}

FOR_EACH_PROCESSOR
static void begin_day(const penumbra_cell *restrict given, block *restrict b) {
    const penumbra_cell k = *given;
    for (size_t i = 0; i < BLOCK; i++) {
        double cos_node = b->row[COS_NODE][i], sin_node = b->row[SIN_NODE][i];
        const double sine_0 = normal_part(&k, k.sun_0, cos_node, sin_node);
        turn_node(&k, &cos_node, &sin_node);
        const double sine_1 = normal_part(&k, k.sun_1, cos_node, sin_node);
        turn_node(&k, &cos_node, &sin_node);
        const double sine_2 = normal_part(&k, k.sun_2, cos_node, sin_node);
        const double along = cos_node * k.sun_2[0] + sin_node * k.sun_2[1];
        const double across = cos_node * k.sun_2[1] - sin_node * k.sun_2[0];
        const double ahead = across * k.cos_inclination + k.sin_inclination * k.sun_2[2];
        const double off = turns_of(ahead, along) - b->row[TURNS][i];
        const double drift = (off - floor(off + 0.5)) * (k.period_s * k.day_share);
        const double share = greater(1.0 - k.calendar_fade - b->row[FADE][i], k.least_share);
        b->sine_0[i] = sine_0;
        b->sine_1[i] = 4.0 * sine_1 - 3.0 * sine_0 - sine_2;
        b->sine_2[i] = 2.0 * (sine_0 + sine_2) - 4.0 * sine_1;
        b->cycle_s[i] = (drift + 1.0) * k.period_s;
        b->drift[i] = drift;
        b->capacity_j[i] = share * k.capacity_j;
        b->reserve_j[i] = b->capacity_j[i] * k.reserve_soc;
        b->cos_end[i] = cos_node;
        b->sin_end[i] = sin_node;
    }
}

FOR_EACH_PROCESSOR
static void begin_cycle(const penumbra_cell *restrict given, block *restrict b) {
    const penumbra_cell k = *given;
    for (size_t i = 0; i < BLOCK; i++) {
        const double clock_s = b->row[CLOCK][i];
        const double cycle_s = clock_s < k.end_s ? b->cycle_s[i] : 0.0;
        const double x = (clock_s + 0.5 * cycle_s - k.start_s) * k.day_share;
        const double sine = (b->sine_2[i] * x + b->sine_1[i]) * x + b->sine_0[i];
        const double cos_beta = sqrt(greater(1.0 - sine * sine, 1e-12));
        const double inverse = 1.0 / cos_beta;
        const double wide = arc_cosine(lesser(k.dark_cos_wide * inverse, 1.0));
        const double narrow = arc_cosine(lesser(k.dark_cos_narrow * inverse, 1.0));
        const double umbra = arc_cosine(lesser(k.umbra_cos * inverse, 1.0));
        const double per_rad_s = cycle_s * TURN_SHARE;
        const double dark_s = (wide + narrow) * per_rad_s;
        const double dusk_s = (cycle_s * 0.5 - dark_s) * 0.5;
        b->now_s[i] = cycle_s;
        b->dark_s[i] = dark_s;
        b->umbra_s[i] = umbra * per_rad_s * 2.0;
        b->third_s[i] = dark_s * (1.0 / 3.0);
        b->day_s[i] = cycle_s * 0.125;
        b->dusk_s[i] = dusk_s;
        b->dawn_s[i] = dusk_s * 0.5;
        b->per_third[i] = 1.0 / greater(b->third_s[i], LEAST_TIME_S);
        b->per_day[i] = 1.0 / greater(b->day_s[i], LEAST_TIME_S);
        b->per_dusk[i] = 1.0 / greater(dusk_s, LEAST_TIME_S);
        b->per_dawn[i] = b->per_dusk[i] * 2.0;
        b->glow_high[i] = cos_beta * GLOW_HIGH;
        b->glow_low[i] = cos_beta * GLOW_LOW;
        b->glow_none[i] = 0.0;
        b->time_s[i] = clock_s + k.midnight_s;
        b->low_j[i] = b->high_j[i] = b->row[STORED][i];
    }
}

INLINE double tracker_w(const penumbra_cell *k, double array_k) {
    return lesser(array_k * k->array_w_k + k->array_w, k->array_limit_w);
}

INLINE double node_after_k(double link_w_k, double heat_w, double radiated, double k_j, double node_k, double seconds) {
    const double stiff = node_k * node_k * node_k * radiated;
    const double stiff_w_k = greater(stiff + link_w_k, LEAST_STIFFNESS_W_K);
    const double power = rising(stiff_w_k * (seconds * k_j));
    return node_k + (heat_w - stiff * node_k * 0.25) * (power - 1.0) / (stiff_w_k * power);
}

INLINE void run_phase(const penumbra_cell *restrict given, const double *restrict shares, block *restrict b,
    const double *restrict glow_of, const double *restrict seconds_of, const double *restrict per_s, const int lit) {
    const penumbra_cell k = *given;
    const double array_base_w = lit ? k.array_sun_w + k.array_constant_w : k.array_constant_w;
    const double payload_base_w = lit ? k.payload_sun_w + k.payload_constant_w : k.payload_constant_w;
    const double body_base_w = lit ? k.body_sun_w + k.body_constant_w : k.body_constant_w;
    const double compute_w = lit ? k.compute_lit_w : k.compute_dark_w;
    for (size_t i = 0; i < BLOCK; i++) {
        const double glow = glow_of[i], seconds = seconds_of[i], left_k = b->row[ARRAY][i];
        const double heat_w = glow * k.array_albedo_w + array_base_w;
        const double power_0 = lit ? tracker_w(&k, left_k) : 0.0;
        double goal_k = sqrt(sqrt(greater((heat_w - power_0) * k.array_cooling_k4_w, LEAST_GOAL_K4)));
        double rate = (left_k + goal_k) * (left_k * left_k + goal_k * goal_k) * k.array_rate_k3_s;
        double power = rising(rate * (seconds * 0.5));
        const double middle_k = left_k + (goal_k - left_k) * (power - 1.0) / power;
        const double power_1 = lit ? tracker_w(&k, middle_k) : 0.0;
        if (lit) goal_k = sqrt(sqrt(greater((heat_w - power_1) * k.array_cooling_k4_w, LEAST_GOAL_K4)));
        rate = (middle_k + goal_k) * (middle_k * middle_k + goal_k * goal_k) * k.array_rate_k3_s;
        power = rising(rate * seconds);
        const double array_k = left_k + (goal_k - left_k) * (power - 1.0) / power;
        const double power_2 = lit ? tracker_w(&k, array_k) : 0.0;
        const double power_w = (power_0 + 4.0 * power_1 + power_2) * (1.0 / 6.0);

        const double time_s = b->time_s[i], hours = (time_s + seconds * 0.5) * k.day_share;
        const double load_w = shares[(int)((hours - floor(hours)) * 24.0)] * compute_w;

        const double stored_j = b->row[STORED][i], reserve_j = b->reserve_j[i];
        const double off_w = power_w - k.platform_w, on_w = off_w - load_w;
        const double on_raw_w = lesser(on_w * k.charge_efficiency, on_w * k.discharge_factor);
        const double off_raw_w = lesser(off_w * k.charge_efficiency, off_w * k.discharge_factor);
        const double on_flow_w = lesser(on_raw_w, k.charge_limit_w), off_flow_w = lesser(off_raw_w, k.charge_limit_w);
        const double flow_w = stored_j > reserve_j ? on_flow_w : off_flow_w;
        const double towards_w = stored_j > reserve_j ? -on_flow_w : off_flow_w;
        const double gap_j = fabs(stored_j - reserve_j);
        const double reach_s = gap_j / greater(towards_w, LEAST_POWER_W);
        const double first_s = gap_j < towards_w * seconds ? reach_s : seconds;
        const double rest_s = seconds - first_s;
        const double duty = greater(off_flow_w, 0.0) / greater(off_flow_w - on_flow_w, LEAST_POWER_W);
        const double on_s = (stored_j > reserve_j ? first_s : 0.0) + lesser(duty, 1.0) * rest_s;
        const double rest_w = greater(on_flow_w, lesser(off_flow_w, 0.0));
        const double moved_j = stored_j + flow_w * first_s + rest_w * rest_s;
        const double after_j = lesser(greater(moved_j, 0.0), b->capacity_j[i]);

        const double share = on_s * per_s[i];
        const double off_loss_w = off_w - off_raw_w;
        const double loss_w = off_loss_w + (on_w - on_raw_w - off_loss_w) * share + k.platform_w;
        const double payload_k = b->row[PAYLOAD][i], body_k = b->row[BODY][i];
        const double linked_w = (payload_k - body_k) * k.link_w_k;
        const double payload_w = glow * k.payload_albedo_w + payload_base_w + load_w * share - linked_w;
        const double body_w = glow * k.body_albedo_w + body_base_w + loss_w + linked_w;
        const double payload_after_k
            = node_after_k(k.link_w_k, payload_w, k.payload_radiated_w_k4, k.payload_k_j, payload_k, seconds);
        const double body_after_k
            = node_after_k(k.link_w_k, body_w, k.body_radiated_w_k4, k.body_k_j, body_k, seconds);

        b->time_s[i] = time_s + seconds;
        b->row[STORED][i] = after_j;
        b->row[ARRAY][i] = array_k;
        b->row[PAYLOAD][i] = payload_after_k;
        b->row[BODY][i] = body_after_k;
        b->row[ARRAY_J][i] += power_w * seconds;
        b->row[COMPUTE_J][i] += load_w * on_s;
        b->low_j[i] = lesser(b->low_j[i], after_j);
        b->high_j[i] = greater(b->high_j[i], after_j);
        b->row[ARRAY_LOW][i] = lesser(b->row[ARRAY_LOW][i], array_k);
        b->row[ARRAY_HIGH][i] = greater(b->row[ARRAY_HIGH][i], array_k);
        b->row[PAYLOAD_LOW][i] = lesser(b->row[PAYLOAD_LOW][i], payload_after_k);
        b->row[PAYLOAD_HIGH][i] = greater(b->row[PAYLOAD_HIGH][i], payload_after_k);
        b->row[BODY_LOW][i] = lesser(b->row[BODY_LOW][i], body_after_k);
        b->row[BODY_HIGH][i] = greater(b->row[BODY_HIGH][i], body_after_k);
    }
}

FOR_EACH_PROCESSOR
static void run_lit(const penumbra_cell *restrict k, const double *restrict shares, block *restrict b,
    const double *restrict glow, const double *restrict seconds, const double *restrict per_s) {
    run_phase(k, shares, b, glow, seconds, per_s, 1);
}

FOR_EACH_PROCESSOR
static void run_dark(const penumbra_cell *restrict k, const double *restrict shares, block *restrict b) {
    run_phase(k, shares, b, b->glow_none, b->third_s, b->per_third, 0);
}

FOR_EACH_PROCESSOR
static void end_cycle(const penumbra_cell *restrict given, block *restrict b) {
    const penumbra_cell k = *given;
    for (size_t i = 0; i < BLOCK; i++) {
        const double cycle_s = b->now_s[i], dark_s = b->dark_s[i];
        const double depth = (b->high_j[i] - b->low_j[i]) / b->capacity_j[i];
        b->row[TURNS][i] += b->row[CLOCK][i] < k.end_s ? b->drift[i] : 0.0;
        b->row[CLOCK][i] += cycle_s;
        b->row[FADE][i] += depth * sqrt(depth) * k.cycle_fade;
        b->row[ELAPSED][i] += cycle_s;
        b->row[SUNLIT][i] += cycle_s - dark_s;
        b->row[CYCLES][i] += dark_s > 0.0 ? 1.0 : 0.0;
        b->row[UMBRA][i] = greater(b->row[UMBRA][i], b->umbra_s[i]);
        b->row[SOC_LOW][i] = lesser(b->row[SOC_LOW][i], b->low_j[i] / b->capacity_j[i]);
        b->row[DEPTH][i] = greater(b->row[DEPTH][i], depth);
    }
}

/* Whether a phase, or the cycle, has a length for any satellite; one without a length changes nothing. */
static int lasts(const double *seconds) {
    double longest = 0.0;
    for (size_t i = 0; i < BLOCK; i++) longest = greater(longest, seconds[i]);
    return longest > 0.0;
}

static void fly_cycle(const penumbra_cell *k, const double *shares, block *b) {
    begin_cycle(k, b);
    if (!lasts(b->now_s)) return;
    run_lit(k, shares, b, b->glow_high, b->day_s, b->per_day);
    run_lit(k, shares, b, b->glow_low, b->day_s, b->per_day);
    run_lit(k, shares, b, b->glow_none, b->dusk_s, b->per_dusk);
    for (int third = 0; third < 3 && lasts(b->third_s); third++) run_dark(k, shares, b);
    for (int half = 0; half < 2; half++) run_lit(k, shares, b, b->glow_none, b->dawn_s, b->per_dawn);
    run_lit(k, shares, b, b->glow_low, b->day_s, b->per_day);
    run_lit(k, shares, b, b->glow_high, b->day_s, b->per_day);
    end_cycle(k, b);
}

/* Always whole blocks: the tail holds copies of its last satellite. */
void penumbra_fly_day(const penumbra_cell *k, const double *shares, double *rows, size_t stride, size_t count) {
    block b;
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = count - first < BLOCK ? count - first : BLOCK;
        for (size_t r = 0; r < ROWS; r++) {
            const double *from = rows + r * stride + first;
            memcpy(b.row[r], from, size * sizeof(double));
            for (size_t i = size; i < BLOCK; i++) b.row[r][i] = from[size - 1];
        }
        begin_day(k, &b);
        for (int n = 0; n < (int)k->cycles; n++) fly_cycle(k, shares, &b);
        for (size_t i = 0; i < BLOCK; i++) b.row[TURNS][i] -= floor(b.row[TURNS][i]);
        memcpy(b.row[COS_NODE], b.cos_end, sizeof(lane));
        memcpy(b.row[SIN_NODE], b.sin_end, sizeof(lane));
        for (size_t r = 0; r < ROWS; r++) memcpy(rows + r * stride + first, b.row[r], size * sizeof(double));
    }
}
