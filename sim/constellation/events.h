/* The cell of a day in the order of events_cell.py, and the one entry: `rows` points at the first satellite of the first
 * of the rows of events_model.py that are `stride` doubles apart, `count` satellites follow each other; `shares` are 25. */
#ifndef PENUMBRA_EVENTS_H
#define PENUMBRA_EVENTS_H
#include <stddef.h>
typedef struct {
    double start_s, end_s, midnight_s, day_share, period_s, cycles, node_turn_cos, node_turn_sin, cos_inclination,
        sin_inclination, sun_0[3], sun_1[3], sun_2[3], dark_cos_wide, dark_cos_narrow, umbra_cos, array_w, array_w_k,
        array_limit_w, platform_w, compute_lit_w, compute_dark_w, charge_efficiency, discharge_factor, charge_limit_w,
        reserve_soc, capacity_j, calendar_fade, cycle_fade, least_share, array_sun_w, array_albedo_w, array_constant_w,
        array_cooling_k4_w, array_rate_k3_s, payload_sun_w, payload_albedo_w, payload_constant_w,
        payload_radiated_w_k4, payload_k_j, body_sun_w, body_albedo_w, body_constant_w, body_radiated_w_k4, body_k_j,
        link_w_k;
} penumbra_cell;
void penumbra_fly_day(const penumbra_cell *k, const double *shares, double *rows, size_t stride, size_t count);
#endif
