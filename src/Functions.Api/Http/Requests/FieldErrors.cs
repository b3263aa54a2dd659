using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Collects the errors of a request by the path of the field: <c>split.ratios[0]</c>.</summary>
public sealed class FieldErrors
{
    // Limits the answer to a body with very many errors.
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

    /// <summary>The first field and its messages.</summary>
    public (string Field, string Message) First => _errors.Select(pair => (pair.Key, string.Join(" ", pair.Value))).First();

    /// <summary>Throws a <see cref="ProblemException"/> with all messages if there are any.</summary>
    /// <param name="code">The error code; <see cref="ErrorCodes.ValidationFailed"/> by default.</param>
    public void ThrowIfAny(ErrorCode? code = null)
    {
        if (!Any)
            return;
        var fields = _errors.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
        var detail = string.Join(" ", fields.Take(3).Select(pair => $"{pair.Key}: {string.Join(" ", pair.Value)}"));
        throw new ProblemException(code ?? ErrorCodes.ValidationFailed, detail, fields);
    }

    /// <summary>Converts a path of the serializer, <c>$.split.ratios[0]</c>, to the path of a field.</summary>
    internal static string FieldOf(string? jsonPath) => jsonPath?.TrimStart('$').TrimStart('.') is { Length: > 0 } field ? field : "body";
}
