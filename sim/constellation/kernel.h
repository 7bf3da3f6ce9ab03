/* The coefficients in the order of coefficients.py, and the three entries: `rows` points at the first satellite of the
 * first of nine rows that are `stride` doubles apart, `count` satellites follow each other;
 * `doses` is the grid of doses.py. */
#ifndef PENUMBRA_CONSTELLATION_H
#define PENUMBRA_CONSTELLATION_H
#include <stddef.h>
typedef struct {
    double turn_cos, turn_sin, node_turn_cos, node_turn_sin, cos_inclination, sin_inclination, sun_x, sun_y,
        sun_z, limb_root, limb_slope, limb_parallax, array_w, array_w_k, array_limit_w, platform_w,
        compute_w, compute_sun_w, charge_efficiency, discharge_factor, charge_limit_w, reserve_j, capacity_j,
        step_s, array_sun_w, array_albedo_w, array_constant_w, array_radiated_w_k4, array_inertia_w_k,
        payload_sun_w, payload_albedo_w, payload_constant_w, payload_radiated_w_k4, payload_inertia_w_k,
        body_sun_w, body_albedo_w, body_constant_w, body_radiated_w_k4, body_inertia_w_k, link_w_k,
        dose_altitude_km, dose_year;
} penumbra_coefficients;
void penumbra_advance(const penumbra_coefficients *k, double *rows, size_t stride, size_t count, size_t steps);
void penumbra_end_cell(const penumbra_coefficients *k, double *rows, size_t stride, size_t count);
void penumbra_irradiate(const penumbra_coefficients *k, double *rows, size_t stride, size_t count, double earth_cos,
    double earth_sin, const double *doses);
#endif
