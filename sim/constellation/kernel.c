/* The model in C, operation for operation as in scalar.py; see arrays.py for the reasons.
 *
 * Compiled without contraction into fused operations and without relaxed arithmetic, so that the results equal those of
 * the other two executors; gcc vectorises `step` as it stands. A block's state stays in the first-level cache for
 * all steps of a call. */
#include "kernel.h"

#include <math.h>
#include <string.h>

#define BLOCK 256 /* eight rows of 2 KiB: half of a first-level cache of 32 KiB */
#define ROOT_GUARD (1.0 + 1e-12)
#define ARC_1 0.9998660
#define ARC_3 -0.3302995
#define ARC_5 0.1801410
#define ARC_7 -0.0851330
#define ARC_9 0.0208351
#define ARC_GUARD 1e-30
#define EDGE_1 (323.0 / 512.0)
#define EDGE_3 (-37.0 / 512.0)
#define EDGE_5 (-30.0 / 512.0)
#define DEGREES (180.0 / 3.141592653589793)
#define CELLS_A_DEG 0.5 /* the grid of doses.py */
#define EQUATOR_ROW 45.0
#define GREENWICH_COLUMN 90.0
#define LAST_ROW 89.0
#define LAST_COLUMN 179.0
#define STRIDE 181

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

enum { COS_U, SIN_U, COS_NODE, SIN_NODE, STORED, ARRAY, PAYLOAD, BODY, DOSE };

typedef struct {
    double cos_u[BLOCK], sin_u[BLOCK], stored_j[BLOCK], array_k[BLOCK], payload_k[BLOCK], body_k[BLOCK];
    double sun_node[BLOCK], sun_ahead[BLOCK];
} block;

static inline double lesser(double a, double b) { return a < b ? a : b; }
static inline double greater(double a, double b) { return a > b ? a : b; }

/* Always whole blocks: the tail holds copies of its last satellite. */
FOR_EACH_PROCESSOR
static void run_steps(const penumbra_coefficients *restrict given, block *restrict b, size_t steps) {
    const penumbra_coefficients k = *given;
    const double payload_inertia_w_k = k.payload_inertia_w_k + k.link_w_k;
    const double body_inertia_w_k = k.body_inertia_w_k + k.link_w_k;
    for (size_t n = 0; n < steps; n++)
        for (size_t i = 0; i < BLOCK; i++) {
            const double cos_u = b->cos_u[i], sin_u = b->sin_u[i], stored_j = b->stored_j[i];
            const double array_k = b->array_k[i], payload_k = b->payload_k[i], body_k = b->body_k[i];
            const double sun_cosine = b->sun_node[i] * cos_u + b->sun_ahead[i] * sin_u;
            const double height = sqrt(ROOT_GUARD - sun_cosine * sun_cosine) * k.limb_root
                + (sun_cosine * k.limb_slope - k.limb_parallax);
            const double edge = lesser(greater(height, -1.0), 1.0);
            const double square = edge * edge;
            const double lit = edge * (square * (square * EDGE_5 + EDGE_3) + EDGE_1) + 0.5;
            const double glow = greater(sun_cosine, 0.0);
            const double power_w = lesser(lit * (array_k * k.array_w_k + k.array_w), k.array_limit_w);
            const double wanted_w = lit * k.compute_sun_w + k.compute_w;
            const double load_w = stored_j > k.reserve_j ? wanted_w : 0.0;
            const double net_w = power_w - (load_w + k.platform_w);
            const double flow_w = lesser(net_w * k.charge_efficiency, net_w * k.discharge_factor);
            const double stored_w = lesser(flow_w, k.charge_limit_w);
            b->stored_j[i] = lesser(greater(stored_w * k.step_s + stored_j, 0.0), k.capacity_j);
            const double linked_w = k.link_w_k * (payload_k - body_k);

            const double array_w = lit * k.array_sun_w + glow * k.array_albedo_w + k.array_constant_w - power_w;
            const double array_stiff = array_k * array_k * array_k * k.array_radiated_w_k4;
            b->array_k[i]
                = array_k + (array_w - array_stiff * array_k * 0.25) / (array_stiff + k.array_inertia_w_k);

            const double payload_w
                = lit * k.payload_sun_w + glow * k.payload_albedo_w + k.payload_constant_w + load_w - linked_w;
            const double payload_stiff = payload_k * payload_k * payload_k * k.payload_radiated_w_k4;
            b->payload_k[i]
                = payload_k + (payload_w - payload_stiff * payload_k * 0.25) / (payload_stiff + payload_inertia_w_k);

            const double loss_w = net_w - flow_w + k.platform_w;
            const double body_w = lit * k.body_sun_w + glow * k.body_albedo_w + k.body_constant_w + loss_w + linked_w;
            const double body_stiff = body_k * body_k * body_k * k.body_radiated_w_k4;
            b->body_k[i] = body_k + (body_w - body_stiff * body_k * 0.25) / (body_stiff + body_inertia_w_k);

            b->cos_u[i] = cos_u * k.turn_cos - sin_u * k.turn_sin;
            b->sin_u[i] = sin_u * k.turn_cos + cos_u * k.turn_sin;
        }
}

static void load_row(double *restrict to, const double *restrict from, size_t count) {
    memcpy(to, from, count * sizeof *to);
    for (size_t i = count; i < BLOCK; i++) to[i] = from[count - 1];
}

static void load_sun(const penumbra_coefficients *k, block *b, const double *rows, size_t stride, size_t count) {
    const double *cos_node = rows + COS_NODE * stride, *sin_node = rows + SIN_NODE * stride;
    for (size_t i = 0; i < BLOCK; i++) {
        const size_t j = i < count ? i : count - 1;
        const double across = cos_node[j] * k->sun_y - sin_node[j] * k->sun_x;
        b->sun_node[i] = cos_node[j] * k->sun_x + sin_node[j] * k->sun_y;
        b->sun_ahead[i] = across * k->cos_inclination + k->sin_inclination * k->sun_z;
    }
}

void penumbra_advance(const penumbra_coefficients *k, double *rows, size_t stride, size_t count, size_t steps) {
    block b;
    double *const kept[] = {b.cos_u, b.sin_u, b.stored_j, b.array_k, b.payload_k, b.body_k};
    static const size_t row[] = {COS_U, SIN_U, STORED, ARRAY, PAYLOAD, BODY};
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = count - first < BLOCK ? count - first : BLOCK;
        for (size_t r = 0; r < 6; r++) load_row(kept[r], rows + row[r] * stride + first, size);
        load_sun(k, &b, rows + first, stride, size);
        run_steps(k, &b, steps);
        for (size_t r = 0; r < 6; r++) memcpy(rows + row[r] * stride + first, kept[r], size * sizeof(double));
    }
}

/* A unit vector turned, and brought back to length one by one term of the inverse root. */
static void turn(double *restrict cosine, double *restrict sine, size_t count, double turn_cos, double turn_sin) {
    for (size_t i = 0; i < count; i++) {
        const double x = cosine[i] * turn_cos - sine[i] * turn_sin;
        const double y = sine[i] * turn_cos + cosine[i] * turn_sin;
        const double scale = 1.5 - 0.5 * (x * x + y * y);
        cosine[i] = x * scale;
        sine[i] = y * scale;
    }
}

void penumbra_end_cell(const penumbra_coefficients *k, double *rows, size_t stride, size_t count) {
    turn(rows + COS_U * stride, rows + SIN_U * stride, count, 1.0, 0.0);
    turn(rows + COS_NODE * stride, rows + SIN_NODE * stride, count, k->node_turn_cos, k->node_turn_sin);
}

static inline double direction_deg(double y, double x) {
    const double wide = fabs(x), high = fabs(y);
    const double ratio = lesser(wide, high) / greater(greater(wide, high), ARC_GUARD);
    const double square = ratio * ratio;
    const double series = (((square * ARC_9 + ARC_7) * square + ARC_5) * square + ARC_3) * square + ARC_1;
    const double acute = series * ratio * DEGREES;
    const double right = high > wide ? 90.0 - acute : acute;
    const double angle = x < 0.0 ? 180.0 - right : right;
    return y < 0.0 ? -angle : angle;
}

typedef struct {
    double row[BLOCK], column[BLOCK]; /* on the grid of doses, with the share of the cell */
} places;

/* Apart from the look-up, so that it vectorises. */
FOR_EACH_PROCESSOR
static void find_places(const penumbra_coefficients *restrict given, const double *restrict cos_u,
    const double *restrict sin_u, const double *restrict cos_node, const double *restrict sin_node,
    places *restrict found, size_t count, double earth_cos, double earth_sin) {
    const penumbra_coefficients k = *given;
    for (size_t i = 0; i < count; i++) {
        const double flat = sin_u[i] * k.cos_inclination;
        const double east = cos_u[i] * cos_node[i] - flat * sin_node[i];
        const double north = cos_u[i] * sin_node[i] + flat * cos_node[i];
        const double x = east * earth_cos + north * earth_sin, y = north * earth_cos - east * earth_sin;
        const double z = sin_u[i] * k.sin_inclination;
        found->row[i] = direction_deg(z, sqrt(x * x + y * y)) * CELLS_A_DEG + EQUATOR_ROW;
        found->column[i] = direction_deg(y, x) * CELLS_A_DEG + GREENWICH_COLUMN;
    }
}

static void add_doses(const double *restrict doses, const places *restrict at, double *restrict dose, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const int south = (int)lesser(at->row[i], LAST_ROW), west = (int)lesser(at->column[i], LAST_COLUMN);
        const double up = at->row[i] - south, across = at->column[i] - west;
        const double *corner = doses + south * STRIDE + west;
        const double low = corner[0] + across * (corner[1] - corner[0]);
        const double high = corner[STRIDE] + across * (corner[STRIDE + 1] - corner[STRIDE]);
        dose[i] += low + up * (high - low);
    }
}

void penumbra_irradiate(const penumbra_coefficients *k, double *rows, size_t stride, size_t count, double earth_cos,
    double earth_sin, const double *doses) {
    places found;
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = count - first < BLOCK ? count - first : BLOCK;
        double *const from = rows + first;
        find_places(k, from + COS_U * stride, from + SIN_U * stride, from + COS_NODE * stride,
            from + SIN_NODE * stride, &found, size, earth_cos, earth_sin);
        add_doses(doses, &found, from + DOSE * stride, size);
    }
}
