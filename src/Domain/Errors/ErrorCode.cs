using System.Text.Json;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Domain.Errors;

/// <summary>Who can solve a problem.</summary>
public enum ErrorCategory
{
    /// <summary>The caller, by changing the request.</summary>
    User,

    /// <summary>Time: the same request may succeed later.</summary>
    Transient,

    /// <summary>Nobody without a change to the platform: tell an operator.</summary>
    Permanent,
}

/// <summary>Where a trainer may use a code. <c>./platform errors</c> writes this into the trainer SDK and the protocol's schema.</summary>
[Flags]
public enum TrainerUse
{
    None = 0,

    /// <summary>A <c>failed</c> event may end an attempt with it.</summary>
    Failure = 1,

    /// <summary>A reply other than 2xx may carry it. The platform passes it on to its own caller.</summary>
    Reply = 2,

    /// <summary>A reply other than 2xx may carry it, but it concerns only the platform and the trainer. The platform's callers never see it.</summary>
    InternalReply = 4,
}

/// <summary>The name and texts of one failure, listed in <see cref="ErrorCodes"/>.</summary>
/// <param name="Code">Name in upper snake case. It never changes: clients and trainers compare it.</param>
/// <param name="Category">Who can solve the problem.</param>
/// <param name="Status">HTTP status when a request ends with it.</param>
/// <param name="Title">One sentence, the same for every occurrence.</param>
/// <param name="SuggestedAction">What the reader should do next.</param>
/// <param name="Trainers">Where trainers may use it.</param>
public sealed record ErrorCode(string Code, ErrorCategory Category, int Status, string Title, string SuggestedAction, TrainerUse Trainers = TrainerUse.None)
{
    public override string ToString() => Code;
}

/// <summary>A failure with a code, as stored on jobs, attempts, exports and deployments and as sent by trainers.</summary>
/// <param name="Code">A code of <see cref="ErrorCodes"/>.</param>
/// <param name="Category">The category; a trainer may narrow it.</param>
/// <param name="Message">What happened this time, without secrets.</param>
public sealed record Failure(string Code, ErrorCategory Category, string Message)
{
    /// <summary>What the reader should do next, from the table.</summary>
    public string SuggestedAction => ErrorCodes.Find(Code).SuggestedAction;

    /// <summary>What was measured when it happened, by name, for example <c>peakMemoryBytes</c>; null when nothing was.</summary>
    public IReadOnlyDictionary<string, double>? Measured { get; init; }

    /// <summary>Fields of the configuration with the values to try instead; null when no value is known that would help.</summary>
    public IReadOnlyDictionary<string, JsonElement>? TryConfig { get; init; }

    public static Failure Of(ErrorCode code, string? message = null) => new(code.Code, code.Category, message ?? code.Title);
}

/// <summary>An expected failure of a request. The API answers it as an RFC 9457 problem.</summary>
public sealed class ProblemException(
    ErrorCode error, string? detail = null, IReadOnlyDictionary<string, string[]>? errors = null, Exception? inner = null)
    : Exception(detail ?? error.Title, inner)
{
    public ErrorCode Error { get; } = error;

    /// <summary>Messages by input field, empty when the failure is not about fields.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; } = errors ?? new Dictionary<string, string[]>();

    /// <summary>The missing permission, e.g. <c>datasets:write</c>; answered as <c>permission</c>.</summary>
    public string? Permission { get; init; }

    /// <summary>The limit that was reached; answered as <c>quota</c>.</summary>
    public QuotaUse? Quota { get; init; }

    /// <summary>Position of the item that the failure is about in the list that was sent; null when it is not about one.</summary>
    public int? Item { get; init; }

    /// <summary>How far the model is that is not ready yet; answered as <c>readiness</c>.</summary>
    public ModelReadiness? Readiness { get; init; }

    /// <summary>How long the caller should wait, answered as <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The current version, when the request named another one; answered as <c>ETag</c>.</summary>
    public string? CurrentVersion { get; init; }

    public ProblemException(ErrorCode error, string detail, string field)
        : this(error, detail, new Dictionary<string, string[]> { [field] = [detail] })
    {
    }

    /// <summary>What is answered for something that never was, that has ended, or that the caller may not see: always the same, so that nobody can find out which ids exist.</summary>
    /// <param name="what">What the caller named: <c>project</c>.</param>
    /// <param name="field">The field of the body that names it; null when the address does.</param>
    public static ProblemException NoSuch(string what, string? field = null)
    {
        var text = $"There is no such {what}, or you may not see it.";
        return field is null ? new ProblemException(ErrorCodes.NotFound, text) : new ProblemException(ErrorCodes.NotFound, text, field);
    }

    public Failure ToFailure() => Failure.Of(Error, Message);
}
