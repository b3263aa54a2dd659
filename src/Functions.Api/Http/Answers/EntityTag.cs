using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>
/// The version of a resource, answered as <c>ETag</c> and sent back in <c>If-Match</c> (change only this version) or
/// <c>If-None-Match</c> (answer 304 if nothing changed). For most resources it is the row's <c>xmin</c>, which Postgres changes with every write.
/// </summary>
/// <param name="Text">Without quotes.</param>
public readonly record struct EntityTag(string Text)
{
    // Between the row's version and the fingerprint of what else the answer shows.
    private const char Separator = '-';

    public static implicit operator EntityTag(uint rowVersion) => new(rowVersion.ToString("x", CultureInfo.InvariantCulture));

    /// <summary>As headers have it.</summary>
    public override string ToString() => $"\"{Text}\"";

    /// <summary>For an answer that also shows what the row does not hold (counts of other rows): changes with the row and with the body.</summary>
    internal EntityTag With(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return new($"{Text}{Separator}{Convert.ToHexStringLower(hash[..8])}");
    }

    /// <summary>Whether both name the same version of the row, whatever else the answers showed.</summary>
    internal bool IsSameRow(EntityTag other) => Row.SequenceEqual(other.Row);

    private ReadOnlySpan<char> Row => Text.IndexOf(Separator, StringComparison.Ordinal) is >= 0 and var end ? Text.AsSpan(0, end) : Text;
}

public static class EntityTagExtensions
{
    /// <summary>
    /// Refuses a change of a version that the caller did not mean. Without <c>If-Match</c> nothing is asked. Call it with
    /// the version of the row as read, and save through Entity Framework (or with <c>AND xmin = …</c>), so that a change in between is found too.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.PreconditionFailed"/>, with the current version.</exception>
    public static void RequireMatch(this HttpRequest request, EntityTag current)
    {
        if (request.Headers.IfMatch.Count > 0 && !request.Headers.IfMatch.ToString().Trim().Equals("*", StringComparison.Ordinal)
            && !Tags(request.Headers.IfMatch).Any(tag => current.IsSameRow(
                tag ?? throw new ProblemException(ErrorCodes.InvalidParameter, "If-Match must be * or versions in double quotes, as ETag gave them.", "If-Match"))))
            throw new ProblemException(ErrorCodes.PreconditionFailed) { CurrentVersion = current.ToString() };
    }

    /// <summary>Whether the caller has this very answer already; a header that can not be read counts for nothing.</summary>
    internal static bool HasSeen(this HttpRequest request, EntityTag tag) =>
        request.Headers.IfNoneMatch.Count > 0
        && (request.Headers.IfNoneMatch.ToString().Trim() == "*" || Tags(request.Headers.IfNoneMatch).Contains(tag));

    // Weak tags count as the same: a proxy that compresses makes them weak, and they still name the version. Null is what is no tag.
    private static IEnumerable<EntityTag?> Tags(IEnumerable<string?> values) => values
        .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Select(text => text.StartsWith("W/", StringComparison.Ordinal) ? text[2..] : text)
        .Select(text => text is ['"', .. var tag, '"'] ? new EntityTag(tag) : (EntityTag?)null);
}
