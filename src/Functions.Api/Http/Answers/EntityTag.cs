using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>
/// The version of a resource. It is answered as <c>ETag</c> and sent back in <c>If-Match</c> (change only this version) or
/// <c>If-None-Match</c> (answer 304 if nothing changed). It is the row's <c>xmin</c>, which Postgres changes with every write.
/// </summary>
/// <param name="Text">The version without quotes.</param>
public readonly record struct EntityTag(string Text)
{
    // Separates the row's version from the fingerprint of the body.
    private const char Separator = '-';

    public static implicit operator EntityTag(uint rowVersion) => new(rowVersion.ToString("x", CultureInfo.InvariantCulture));

    /// <summary>The version in quotes, as in headers.</summary>
    public override string ToString() => $"\"{Text}\"";

    /// <summary>A version that changes with the row and the body, for an answer with parts that are not in the row (counts of other rows).</summary>
    internal EntityTag With(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return new($"{Text}{Separator}{Convert.ToHexStringLower(hash[..8])}");
    }

    /// <summary>Whether both have the same version of the row; ignores the fingerprints of the bodies.</summary>
    internal bool IsSameRow(EntityTag other) => Row.SequenceEqual(other.Row);

    private ReadOnlySpan<char> Row => Text.IndexOf(Separator, StringComparison.Ordinal) is >= 0 and var end ? Text.AsSpan(0, end) : Text;
}

public static class EntityTagExtensions
{
    /// <summary>
    /// Refuses a change if <c>If-Match</c> names other versions than the current one. Without <c>If-Match</c> every version is accepted. Call it with
    /// the version of the row as read, and save through Entity Framework (or with <c>AND xmin = …</c>), which detects a change in between.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.PreconditionFailed"/>, with the current version.</exception>
    public static void RequireMatch(this HttpRequest request, EntityTag current)
    {
        if (request.Headers.IfMatch.Count > 0 && !request.Headers.IfMatch.ToString().Trim().Equals("*", StringComparison.Ordinal)
            && !Tags(request.Headers.IfMatch).Any(tag => current.IsSameRow(
                tag ?? throw new ProblemException(ErrorCodes.InvalidParameter, "If-Match must be * or versions in double quotes, as in the ETag header.", "If-Match"))))
            throw new ProblemException(ErrorCodes.PreconditionFailed) { CurrentVersion = current.ToString() };
    }

    /// <summary>Whether <c>If-None-Match</c> has this version. Ignores a malformed header.</summary>
    internal static bool HasSeen(this HttpRequest request, EntityTag tag) =>
        request.Headers.IfNoneMatch.Count > 0
        && (request.Headers.IfNoneMatch.ToString().Trim() == "*" || Tags(request.Headers.IfNoneMatch).Contains(tag));

    // A proxy that compresses makes tags weak, but they still name the version. Null for a malformed tag.
    private static IEnumerable<EntityTag?> Tags(IEnumerable<string?> values) => values
        .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Select(text => text.StartsWith("W/", StringComparison.Ordinal) ? text[2..] : text)
        .Select(text => text is ['"', .. var tag, '"'] ? new EntityTag(tag) : (EntityTag?)null);
}
