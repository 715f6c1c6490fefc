/*
 * SafetySdk for C++17: header only, over safetysdk.h. Handles are freed by their objects, errors are exceptions, text is std::string_view in
 * and std::string out, bytes are safety::bytes (a pointer and a size; made of any container of std::uint8_t).
 *
 * Threads     As in safetysdk.h: every object may be used from any number of threads at once. Moving from or assigning to an object while
 *             another thread uses it is not safe, as with any C++ object.
 * Ownership   Objects own their handles and are moved, not copied. Spans and views that are passed are read during the call only.
 * Exceptions  Every function may throw safety::error, and std::bad_alloc. A refused request is no exception: ask the verdict.
 */
#ifndef SAFETYSDK_HPP
#define SAFETYSDK_HPP

#include "safetysdk.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace safety {

/* A failed call. what() says what is wrong and what to do, code() is a safety_status. */
class error : public std::runtime_error {
public:
    error(std::int32_t code, const std::string &message) : std::runtime_error(message), code_(code) {}
    std::int32_t code() const noexcept { return code_; }

private:
    std::int32_t code_;
};

/* A part of somebody else's memory. C++17 has no std::span. */
template <class T>
class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N>
    constexpr span(T (&items)[N]) noexcept : data_(items), size_(N) {}
    /* Any container with data() and size(): std::vector, std::array, std::span, another span. */
    template <class C, class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<C &>().data()), T *>>>
    constexpr span(C &&items) noexcept : data_(items.data()), size_(items.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

using bytes = span<const std::uint8_t>;

enum class decision : std::int32_t {
    not_checked = SAFETY_DECISION_NOT_CHECKED, allow = SAFETY_DECISION_ALLOW, review = SAFETY_DECISION_REVIEW,
    transform = SAFETY_DECISION_TRANSFORM, block = SAFETY_DECISION_BLOCK
};

enum class stage : std::int32_t {
    account = SAFETY_STAGE_ACCOUNT, upload = SAFETY_STAGE_UPLOAD, prompt = SAFETY_STAGE_PROMPT, joint = SAFETY_STAGE_JOINT,
    output = SAFETY_STAGE_OUTPUT
};

enum class operation : std::int32_t {
    generate = SAFETY_OPERATION_GENERATE, edit = SAFETY_OPERATION_EDIT, understand = SAFETY_OPERATION_UNDERSTAND
};

enum class age : std::int32_t {
    unknown = SAFETY_AGE_UNKNOWN, adult = SAFETY_AGE_ADULT, teen = SAFETY_AGE_TEEN, under13 = SAFETY_AGE_UNDER13
};

enum class context : std::int32_t {
    artistic = SAFETY_CONTEXT_ARTISTIC, educational = SAFETY_CONTEXT_EDUCATIONAL, news = SAFETY_CONTEXT_NEWS,
    medical = SAFETY_CONTEXT_MEDICAL, historical = SAFETY_CONTEXT_HISTORICAL
};

enum class hash_kind : std::int32_t {
    pdq = SAFETY_HASH_PDQ, md5 = SAFETY_HASH_MD5, sha1 = SAFETY_HASH_SHA1, sha256 = SAFETY_HASH_SHA256
};

enum class pdq_profile : std::int32_t { full = SAFETY_PDQ_FULL, cpp512 = SAFETY_PDQ_CPP512 };

enum class match_outcome : std::int32_t {
    not_searched = SAFETY_MATCH_NOT_SEARCHED, none = SAFETY_MATCH_NONE, found = SAFETY_MATCH_FOUND,
    too_little_detail = SAFETY_MATCH_TOO_LITTLE_DETAIL, digests_only = SAFETY_MATCH_DIGESTS_ONLY
};

namespace detail {

inline void check(std::int32_t status)
{
    if (status == SAFETY_OK) {
        return;
    }
    std::size_t needed = 0;
    std::string message;
    if (safety_last_error(nullptr, 0, &needed) == SAFETY_OK && needed > 1) {
        message.resize(needed);
        message.resize(safety_last_error(&message[0], needed, nullptr) == SAFETY_OK ? needed - 1 : 0);
    }
    throw error(status, message);
}

inline safety_text text(std::string_view value) noexcept { return {value.data(), value.size()}; }

/* Empty text is not no text: where there is a difference, data is NULL only for none. */
inline safety_text given(std::string_view value) noexcept { return {value.data() ? value.data() : "", value.size()}; }

inline safety_bytes raw(bytes value) noexcept { return {value.data(), value.size()}; }

inline std::vector<safety_text> texts(span<const std::string_view> values)
{
    std::vector<safety_text> result;
    result.reserve(values.size());
    for (std::string_view value : values) {
        result.push_back(given(value));
    }
    return result;
}

inline std::vector<safety_bytes> files(span<const bytes> values)
{
    std::vector<safety_bytes> result;
    result.reserve(values.size());
    for (bytes value : values) {
        result.push_back(raw(value));
    }
    return result;
}

/* Text of a getter of the form get(buffer, capacity, needed). */
template <class Get>
std::string read(Get get)
{
    std::size_t needed = 0;
    check(get(nullptr, 0, &needed));
    std::string result(needed, '\0');
    check(get(&result[0], needed, &needed));
    result.resize(needed - 1);
    return result;
}

template <class Get, class H>
std::string whole(Get call, H *from)
{
    return read([&](char *b, std::size_t c, std::size_t *n) { return call(from, b, c, n); });
}

template <class Get, class H>
std::string item(Get call, H *from, std::size_t index)
{
    return read([&](char *b, std::size_t c, std::size_t *n) { return call(from, index, b, c, n); });
}

/* A number of a getter of the form get(handle, &value). */
template <class T, class H>
T number(std::int32_t (*get)(H *, T *), H *from)
{
    T value{};
    check(get(from, &value));
    return value;
}

template <class T, std::int32_t (*Free)(T *)>
class handle {
public:
    handle() noexcept = default;
    explicit handle(T *value) noexcept : value_(value) {}
    handle(handle &&other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
    handle &operator=(handle &&other) noexcept
    {
        handle taken(std::move(other));
        std::swap(value_, taken.value_);
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { static_cast<void>(Free(value_)); }
    T *get() const noexcept { return value_; }
    T **out() noexcept { return &value_; }

private:
    T *value_ = nullptr;
};

} /* namespace detail */

inline std::int32_t version() noexcept { return safety_version(); }
inline std::int32_t simd_width() noexcept { return safety_simd_width(); }
inline std::int32_t live_handles() noexcept { return safety_live_handles(); }

/* Stops calls on other threads. */
class cancellation {
public:
    cancellation() { detail::check(safety_cancellation_create(handle_.out())); }
    void cancel() { detail::check(safety_cancellation_cancel(handle_.get())); }
    safety_cancellation *get() const noexcept { return handle_.get(); }

private:
    detail::handle<safety_cancellation, safety_cancellation_free> handle_;
};

/* Why a rule fired. */
struct reason {
    std::string rule, category, detector, source;
    safety::decision decision = safety::decision::not_checked;
    safety::stage stage = safety::stage::account;
    double score = 0;
    double threshold = 0;
};

/* The answer of a pipeline. One that nobody filled reads as not checked. */
class verdict {
public:
    verdict() noexcept = default;
    explicit verdict(safety_verdict *owned) noexcept : handle_(owned) {}

    safety::decision decision() const noexcept
    {
        std::int32_t value = SAFETY_DECISION_NOT_CHECKED;
        static_cast<void>(safety_verdict_decision(handle_.get(), &value));
        return static_cast<safety::decision>(value);
    }
    safety::decision decision(safety::stage of) const
    {
        std::int32_t value = SAFETY_DECISION_NOT_CHECKED;
        detail::check(safety_verdict_stage_decision(handle_.get(), static_cast<std::int32_t>(of), &value));
        return static_cast<safety::decision>(value);
    }
    bool allowed() const noexcept { return decision() == safety::decision::allow; }
    /* Bits of safety_action. */
    std::uint32_t actions() const { return detail::number(safety_verdict_actions, get()); }
    bool report_required() const { return detail::number(safety_verdict_report_required, get()) != 0; }
    std::vector<reason> reasons() const
    {
        std::vector<reason> result(detail::number(safety_verdict_reason_count, get()));
        for (std::size_t i = 0; i < result.size(); i++) {
            safety_reason numbers = SAFETY_REASON_INIT;
            detail::check(safety_verdict_reason(handle_.get(), i, &numbers));
            result[i].rule = detail::item(safety_verdict_reason_rule, get(), i);
            result[i].category = detail::item(safety_verdict_reason_category, get(), i);
            result[i].detector = detail::item(safety_verdict_reason_detector, get(), i);
            result[i].source = detail::item(safety_verdict_reason_source, get(), i);
            result[i].decision = static_cast<safety::decision>(numbers.decision);
            result[i].stage = static_cast<safety::stage>(numbers.stage);
            result[i].score = numbers.score;
            result[i].threshold = numbers.threshold;
        }
        return result;
    }
    /* Why checks could not be completed; empty where all were. */
    std::vector<std::string> failures() const
    {
        std::vector<std::string> result(detail::number(safety_verdict_failure_count, get()));
        for (std::size_t i = 0; i < result.size(); i++) {
            result[i] = detail::item(safety_verdict_failure_message, get(), i);
        }
        return result;
    }
    std::string refusal() const { return detail::whole(safety_verdict_refusal, get()); }
    std::string policy_name() const { return detail::whole(safety_verdict_policy_name, get()); }
    std::string policy_digest() const { return detail::whole(safety_verdict_policy_digest, get()); }
    std::string id() const { return detail::whole(safety_verdict_id, get()); }
    std::string json() const { return detail::whole(safety_verdict_json, get()); }
    const safety_verdict *get() const noexcept { return handle_.get(); }

private:
    detail::handle<safety_verdict, safety_verdict_free> handle_;
};

/* Reads picture files. */
class decoder {
public:
    explicit decoder(std::string_view home = {}) : decoder(with(home)) {}
    explicit decoder(const safety_decoder_options &options) { detail::check(safety_decoder_create(&options, handle_.out())); }

    /* Elements of the tensor of a recipe; width and height only where the recipe leaves them open. */
    std::size_t tensor_size(std::string_view recipe, std::int32_t width = 0, std::int32_t height = 0) const
    {
        safety_tensor_options options = tensor(recipe, width, height, nullptr);
        std::size_t needed = 0;
        detail::check(safety_tensor_decode(handle_.get(), {nullptr, 0}, &options, nullptr, 0, &needed));
        return needed;
    }
    void decode_tensor(bytes file, std::string_view recipe, span<float> into, std::int32_t width = 0, std::int32_t height = 0,
                       const cancellation *stop = nullptr) const
    {
        safety_tensor_options options = tensor(recipe, width, height, stop);
        std::size_t needed = 0;
        float none = 0;
        detail::check(safety_tensor_decode(
            handle_.get(), detail::raw(file), &options, into.empty() ? &none : into.data(), into.size(), &needed));
    }
    const safety_decoder *get() const noexcept { return handle_.get(); }

private:
    static safety_decoder_options with(std::string_view home)
    {
        safety_decoder_options options = SAFETY_DECODER_OPTIONS_INIT;
        options.home = detail::text(home);
        return options;
    }
    static safety_tensor_options tensor(std::string_view recipe, std::int32_t width, std::int32_t height, const cancellation *stop)
    {
        safety_tensor_options options = SAFETY_TENSOR_OPTIONS_INIT;
        options.recipe = detail::text(recipe);
        options.width = width;
        options.height = height;
        options.cancellation = stop ? stop->get() : nullptr;
        return options;
    }

    detail::handle<safety_decoder, safety_decoder_free> handle_;
};

/* A PDQ hash. */
struct pdq {
    safety_pdq raw{};

    static pdq parse(std::string_view text)
    {
        pdq result;
        detail::check(safety_pdq_parse(detail::text(text), &result.raw));
        return result;
    }
    int distance(const pdq &other) const
    {
        std::int32_t value = INT32_MAX;
        detail::check(safety_pdq_distance(&raw, &other.raw, &value));
        return value;
    }
    std::string text() const { return detail::whole(safety_pdq_text, &raw); }
};

/* The hashes of a picture in the order of safety_pdq_form: one, or eight. */
struct pdq_result {
    std::vector<pdq> hashes;
    int quality = 0;
    /* Below that the hashes are noise and must not be compared. */
    bool enough_detail = false;

    static pdq_result of(const safety_pdq_result &raw)
    {
        pdq_result result;
        for (std::int32_t i = 0; i < raw.hash_count; i++) {
            result.hashes.push_back(pdq{raw.hashes[i]});
        }
        result.quality = raw.quality;
        result.enough_detail = raw.outcome == SAFETY_PDQ_HASHED;
        return result;
    }
};

inline pdq_result hash_pixels(bytes rgb, std::int32_t width, std::int32_t height, bool all_orientations = false,
                              pdq_profile profile = pdq_profile::full)
{
    safety_pdq_result result = SAFETY_PDQ_RESULT_INIT;
    detail::check(safety_pdq_hash_pixels(rgb.data(), rgb.size(), width, height, static_cast<std::int32_t>(profile),
                                         all_orientations ? SAFETY_PDQ_FORMS : 1, &result));
    return pdq_result::of(result);
}

inline pdq_result hash_file(const decoder &with, bytes file, bool all_orientations = false, pdq_profile profile = pdq_profile::full)
{
    safety_pdq_result result = SAFETY_PDQ_RESULT_INIT;
    detail::check(safety_pdq_hash_file(with.get(), detail::raw(file), static_cast<std::int32_t>(profile),
                                       all_orientations ? SAFETY_PDQ_FORMS : 1, &result));
    return pdq_result::of(result);
}

inline std::vector<std::uint8_t> digest(hash_kind kind, bytes file)
{
    std::vector<std::uint8_t> result(32);
    std::size_t needed = 0;
    detail::check(safety_file_digest(static_cast<std::int32_t>(kind), detail::raw(file), result.data(), result.size(), &needed));
    result.resize(needed);
    return result;
}

/* An entry of a list that a picture hit. */
struct match {
    std::string list, entry, form;
    hash_kind algorithm = hash_kind::pdq;
    int distance = INT32_MAX;
};

/* What a look-up found, nearest first. */
class matches {
public:
    explicit matches(safety_matches *owned) noexcept : handle_(owned) {}
    match_outcome outcome() const noexcept
    {
        std::int32_t value = SAFETY_MATCH_NOT_SEARCHED;
        static_cast<void>(safety_matches_outcome(handle_.get(), &value));
        return static_cast<match_outcome>(value);
    }
    std::size_t size() const { return detail::number(safety_matches_count, get()); }
    const safety_matches *get() const noexcept { return handle_.get(); }
    match operator[](std::size_t index) const
    {
        match result;
        std::int32_t distance = INT32_MAX, kind = 0;
        detail::check(safety_matches_distance(handle_.get(), index, &distance));
        detail::check(safety_matches_algorithm(handle_.get(), index, &kind));
        result.list = detail::item(safety_matches_list, get(), index);
        result.entry = detail::item(safety_matches_entry, get(), index);
        result.form = detail::item(safety_matches_form, get(), index);
        result.algorithm = static_cast<hash_kind>(kind);
        result.distance = distance;
        return result;
    }
    std::string json() const { return detail::whole(safety_matches_json, get()); }

private:
    detail::handle<safety_matches, safety_matches_free> handle_;
};

/* A list of known content. */
class index {
public:
    explicit index(std::string_view path, bool live = false)
    {
        detail::check(safety_index_open(detail::text(path), live ? 1 : 0, handle_.out()));
    }
    static void build(std::string_view path, span<const std::string_view> lists, std::string_view name = {})
    {
        std::vector<safety_text> files = detail::texts(lists);
        safety_index_build_options options = SAFETY_INDEX_BUILD_OPTIONS_INIT;
        options.path = detail::text(path);
        options.name = detail::text(name);
        options.lists = files.data();
        options.list_count = files.size();
        detail::check(safety_index_build(&options));
    }
    std::int64_t size() const
    {
        std::int64_t count = 0;
        detail::check(safety_index_count(handle_.get(), 0, &count));
        return count;
    }
    std::string digest() const { return detail::whole(safety_index_digest, get()); }
    void add(std::string_view id, hash_kind kind, std::string_view hash, span<const std::string_view> labels = {})
    {
        std::vector<safety_text> texts = detail::texts(labels);
        safety_index_entry entry = SAFETY_INDEX_ENTRY_INIT;
        entry.id = detail::text(id);
        entry.hash = detail::text(hash);
        entry.kind = static_cast<std::int32_t>(kind);
        entry.labels = texts.data();
        entry.label_count = texts.size();
        detail::check(safety_index_add(handle_.get(), &entry));
    }
    std::int64_t remove(hash_kind kind, std::string_view hash, std::string_view id = {})
    {
        std::int64_t count = 0;
        detail::check(safety_index_remove(
            handle_.get(), static_cast<std::int32_t>(kind), detail::text(hash), detail::text(id), &count));
        return count;
    }
    void flush() { detail::check(safety_index_flush(handle_.get())); }
    void compact() { detail::check(safety_index_compact(handle_.get())); }
    matches match_file(const decoder &with, bytes file) const { return look(safety_index_match_file, with.get(), detail::raw(file)); }
    /* By digests alone. */
    matches match_file(bytes file) const
    {
        return look(safety_index_match_file, static_cast<const safety_decoder *>(nullptr), detail::raw(file));
    }
    matches match(const pdq &hash) const { return look(safety_index_match_pdq, &hash.raw); }
    matches match(hash_kind kind, bytes digest) const
    {
        return look(safety_index_match_digest, static_cast<std::int32_t>(kind), detail::raw(digest));
    }
    const safety_index *get() const noexcept { return handle_.get(); }

private:
    template <class Look, class... Arguments>
    matches look(Look call, Arguments... arguments) const
    {
        safety_matches *found = nullptr;
        detail::check(call(handle_.get(), arguments..., &found));
        return matches(found);
    }

    detail::handle<safety_index, safety_index_close> handle_;
};

/* How a pipeline is made; everything may be left out. What the views show must live until the pipeline is made. */
struct pipeline_options {
    std::string_view home;
    std::string_view policy;
    std::string_view policy_document;
    std::vector<std::string_view> lists;
    std::vector<const index *> indexes;
};

/* What is to be checked. What the views show must live until the check returns. A view without data is no text, an empty text is one that
 * cannot be checked. */
struct request {
    std::string_view prompt;
    std::vector<std::string_view> turns;
    std::vector<bytes> images;
    std::vector<bytes> output_images;
    std::string_view output_text;
    safety::operation operation = safety::operation::generate;
    safety::age age = safety::age::unknown;
    std::vector<safety::context> contexts;
    std::string_view locale;
    bool chat_refused = false;
    const safety::cancellation *cancellation = nullptr;
};

/* Checks requests; one serves all threads. */
class pipeline {
public:
    explicit pipeline(const pipeline_options &options = {})
    {
        std::vector<safety_text> lists = detail::texts(options.lists);
        std::vector<const safety_index *> indexes;
        for (const index *one : options.indexes) {
            indexes.push_back(one->get());
        }
        safety_pipeline_options raw = SAFETY_PIPELINE_OPTIONS_INIT;
        raw.home = detail::text(options.home);
        raw.policy = detail::text(options.policy);
        raw.policy_document = detail::text(options.policy_document);
        raw.lists = lists.data();
        raw.list_count = lists.size();
        raw.indexes = indexes.data();
        raw.index_count = indexes.size();
        detail::check(safety_pipeline_create(&raw, handle_.out()));
    }
    verdict check(const request &what) { return run(safety_pipeline_check, what); }
    verdict check_upload(const request &what) { return run(safety_pipeline_check_upload, what); }
    verdict check_prompt(const request &what) { return run(safety_pipeline_check_prompt, what); }
    verdict check_joint(const request &what) { return run(safety_pipeline_check_joint, what); }
    verdict check_output(const request &what) { return run(safety_pipeline_check_output, what); }

private:
    template <class Check>
    verdict run(Check call, const request &what)
    {
        std::vector<safety_text> turns = detail::texts(what.turns);
        std::vector<safety_bytes> images = detail::files(what.images), outputs = detail::files(what.output_images);
        std::vector<std::int32_t> contexts;
        for (safety::context one : what.contexts) {
            contexts.push_back(static_cast<std::int32_t>(one));
        }
        safety_request raw = SAFETY_REQUEST_INIT;
        raw.prompt = detail::text(what.prompt);
        raw.turns = turns.data();
        raw.turn_count = turns.size();
        raw.images = images.data();
        raw.image_count = images.size();
        raw.output_images = outputs.data();
        raw.output_image_count = outputs.size();
        raw.output_text = detail::text(what.output_text);
        raw.operation = static_cast<std::int32_t>(what.operation);
        raw.age = static_cast<std::int32_t>(what.age);
        raw.contexts = contexts.data();
        raw.context_count = contexts.size();
        raw.locale = detail::text(what.locale);
        raw.chat_refused = what.chat_refused ? 1 : 0;
        raw.cancellation = what.cancellation ? what.cancellation->get() : nullptr;
        safety_verdict *result = nullptr;
        detail::check(call(handle_.get(), &raw, &result));
        return verdict(result);
    }

    detail::handle<safety_pipeline, safety_pipeline_free> handle_;
};

/* Whether a policy document can be used as it says, and the report as JSON. */
inline std::pair<bool, std::string> validate_policy(std::string_view document)
{
    std::int32_t valid = 0;
    std::string report = detail::read([&](char *b, std::size_t c, std::size_t *n) {
        return safety_policy_validate(detail::text(document), &valid, b, c, n);
    });
    return {valid != 0, std::move(report)};
}

/* The document of a built-in policy. */
inline std::string policy_text(std::string_view name)
{
    return detail::read([&](char *b, std::size_t c, std::size_t *n) { return safety_policy_text(detail::text(name), b, c, n); });
}

} /* namespace safety */

#endif
