//! The list itself.

use super::Assumption;

macro_rules! assumptions {
    ($($name:literal: $value:literal [$low:literal, $high:literal] $unit:literal, $key:literal; $source:expr;)*) => {
        /// All assumptions, by section of the scenario.
        pub const ASSUMPTIONS: &[Assumption] = &[$(Assumption {
            name: $name, value: $value, unit: $unit, source: $source, low: $low, high: $high, key: $key,
        }),*];
    };
}

assumptions! {
    "popularity exponent": "0.9" ["0.6", "1.1"] "exponent of Zipf's law", "catalogue.popularity.s";
        "chosen near the upper end of the 0.6 to 1.0 that studies of VOD catalogues report";
    "title duration": "45m" ["25m", "100m"] "time", "catalogue.title_duration";
        "chosen: an episode of a series; the ends are a short episode and a film";
    "VOD session length, median": "34m" ["10m", "60m"] "time", "audience.vod.session_length.median";
        "chosen: most of an episode; the streams of Puffer (Yan et al., NSDI 2020) have a median of 2 min with zapping counted, and NPAW reports 45 min of VOD per user and day";
    "VOD session length, 90th percentile": "95m" ["70m", "160m"] "time", "audience.vod.session_length.p90";
        "Puffer (Yan et al., NSDI 2020): 90 % of streams are shorter than 81 min; chosen a little above, zapping excluded";
    "live session length, median": "70m" ["30m", "110m"] "time", "audience.live.session_length.median";
        "chosen: a final is watched for the larger part of its 110 min";
    "startup patience": "5.8%" ["2.9%", "11.6%"] "share of viewers per second after the first 2 s", "audience.patience.per_second";
        "Krishnan and Sitaraman, IMC 2012; range: half and twice";
    "share of viewers on 4G and 3G": "1.0" ["0.5", "1.5"] "factor on 20 % (FCC-SD 35 %, FCC-HD 45 %, 4G 15 %, 3G 5 %)", "scale.mobile_share";
        "chosen: no public mix of access networks for one service; the 3G part dominates any result, hence the wide range";
    "live hold-back": "3" ["2", "5"] "segments behind the edge", "audience.live.hold_back_segments";
        "hls.js 1.7: liveSyncDurationCount = 3; RFC 8216bis asks for at least three target durations";
    "live window": "60s" ["30s", "120s"] "time", "audience.live.window";
        "chosen: 15 segments of 4 s, a common packager setting";
    "segment size variation": "0.25" ["0.1", "0.4"] "coefficient of variation", "encoding.size_cv";
        "chosen: between constant-quality and capped encodes; the Big Buck Bunny ladder shipped with Sabre lies in the range";
    "segment duration": "4s" ["2s", "6s"] "time", "encoding.segment";
        "chosen: between the 2 s of low-latency live and the 6 s of Apple's HLS authoring specification";
    "POP headroom": "1.0" ["0.85", "1.3"] "factor on a capacity planned for 70 % use at the peak", "scale.pop_capacity";
        "chosen: a common planning rule; the ends plan for 82 % and 54 %";
    "edge cache size": "1.0" ["0.5", "2.0"] "factor on 25 to 40 TB per POP and million viewers", "scale.pop_cache";
        "chosen so that byte hit ratios fall into the 90 to 99 % that video CDNs report";
    "round trips": "1.0" ["0.5", "2.0"] "factor on 14 ms within a region, 20 ms to the shield, 40 ms from there to the origin", "scale.rtt";
        "chosen: distances between European sites plus a last mile of 10 ms";
    "DNS move": "60s" ["30s", "5m"] "time", "delivery.dns_move";
        "chosen: a record of 30 s, seen stale by resolvers for as long again; long tails of resolvers that stretch TTLs give the high end";
    "origin service time, median": "45ms" ["20ms", "90ms"] "time", "origin.service.median";
        "chosen: object store behind a packager; the tail (p99 400 ms) matters more than the median";
    "origin service time, 99th percentile": "400ms" ["200ms", "1s"] "time", "origin.service.p99";
        "chosen: see the median";
    "session store service time": "10ms" ["4ms", "25ms"] "mean time", "session_store.service.mean";
        "chosen: one indexed read and one write";
    "token window": "60m" ["10m", "6h"] "time during which new sessions share a token", "tokens.window";
        "chosen: expiry rounded to the hour, the mild form of the full-URL cache key; per-session tokens would make the naive platform far worse";
    "brown-out capacity": "30%" ["15%", "60%"] "share of capacity that is left", "fault.*.do.capacity_factor";
        "chosen: a link that lost two of three members; 60 % is hardly felt at 70 % use";
    "brown-out latency": "180ms" ["60ms", "500ms"] "time added before the first byte", "fault.*.do.added_latency";
        "chosen: a queue of a full router buffer";
    "steering TTL": "10s" ["5s", "30s"] "time", "platform.steering.ttl";
        "chosen: a third of a 30 s buffer, so that a viewer is moved before it is drained; hls.js polls every 300 s unless told";
    "steering half-life": "10s" ["5s", "30s"] "time", "platform.steering.half_life";
        "chosen: a third of a 30 s buffer";
    "steering ejection": "5%" ["2%", "10%"] "share of bad requests", "platform.steering.eject_above";
        "chosen: ten times the share of bad requests of a healthy CDN";
    "steering pace": "10%" ["5%", "25%"] "share of spare capacity per TTL while caches are cold", "platform.steering.move_per_ttl";
        "chosen: a cold cache must not turn a failover into an origin outage";
    "platform first-byte time-out": "4s" ["2s", "8s"] "time", "platform.load_policy.first_byte_timeout";
        "chosen: one segment; hls.js 1.7.4 with 4 s left a hung CDN after 12 s, with its default of 10 s not within 130 s (own measurement)";
    "platform error penalty": "60s" ["15s", "5m"] "time", "platform.load_policy.error_penalty";
        "chosen: as long as a pathway must do well before it gets traffic back; hls.js 1.7 by default never goes back to a variant that failed (`errorPenaltyExpireMs`)";
    "television buffer": "30s" ["10s", "60s"] "time", "player.tv_buffer";
        "chosen between Shaka 5.2 (10 s) and dash.js 5.1 for long content (60 s)";
    "phone buffer": "30s" ["15s", "60s"] "time", "player.phone_buffer";
        "chosen: hls.js's maxBufferLength without its growth at low bitrates, as memory on phones is short";
}
