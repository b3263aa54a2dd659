using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Collects what is wrong with a request, by field path as the caller wrote it: <c>split.ratios[0]</c>.</summary>
public sealed class FieldErrors
{
    // Enough to mend a form; a body of a million wrong items must not get a million messages.
    private const int MaximumFields = 50;

    private readonly Dictionary<string, List<string>> _errors = new(StringComparer.Ordinal);

    public bool Any => _errors.Count > 0;

    public void Add(string field, string message)
    {
        var key = field.Length == 0 ? "body" : field;
        if (_errors.TryGetValue(key, out var messages))
            messages.Add(message);
        else if (_errors.Count < MaximumFields)
            _errors[key] = [message];
    }

    /// <summary>Throws a <see cref="ProblemException"/> with every message, if there is one.</summary>
    /// <param name="code"><see cref="ErrorCodes.ValidationFailed"/>, for fields of a body, unless given.</param>
    public void ThrowIfAny(ErrorCode? code = null)
    {
        if (!Any)
            return;
        var fields = _errors.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
        var detail = string.Join(" ", fields.Take(3).Select(pair => $"{pair.Key}: {string.Join(" ", pair.Value)}"));
        throw new ProblemException(code ?? ErrorCodes.ValidationFailed, detail, fields);
    }

    /// <summary><c>$.split.ratios[0]</c>, as the serializer writes paths, in our form.</summary>
    internal static string FieldOf(string? jsonPath) => jsonPath?.TrimStart('$').TrimStart('.') is { Length: > 0 } field ? field : "body";
}
