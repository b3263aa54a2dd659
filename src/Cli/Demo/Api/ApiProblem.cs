using System.Net;
using System.Text.Json;

namespace VisionPlatform.Cli.Demo.Api;

/// <summary>An RFC 9457 problem as the platform answers it; <see cref="Errors"/> maps a field to its messages.</summary>
internal sealed record ApiProblem(
    string? Title,
    int? Status,
    string? Detail,
    string? Code,
    string? Category,
    string? SuggestedAction,
    string? TraceId,
    IReadOnlyDictionary<string, string[]>? Errors)
{
    /// <summary>Reads a failed answer. Of an answer that is not a problem document, such as a proxy's page, only the status is kept.</summary>
    public static async Task<ApiProblem> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            if (JsonSerializer.Deserialize<ApiProblem>(body, PlatformClient.Json) is { } problem)
                return problem with { Status = problem.Status ?? (int)response.StatusCode };
        }
        catch (JsonException)
        {
            // The platform did not write it; only the status is known.
        }
        return FromStatus(response.StatusCode);
    }

    public static ApiProblem FromStatus(HttpStatusCode status) =>
        new(status.ToString(), (int)status, null, null, null, null, null, null);

    /// <summary>One line: code, detail, field messages, what to do, status and trace id.</summary>
    public string Describe()
    {
        var fields = Errors is null ? "" : string.Concat(Errors.Select(e => $" [{e.Key}: {string.Join(", ", e.Value)}]"));
        var action = SuggestedAction is null ? "" : $" {SuggestedAction}";
        var trace = TraceId is null ? "" : $", trace {TraceId}";
        return $"{Code ?? "HTTP_ERROR"}: {Detail ?? Title ?? "no detail was given"}{fields}{action} (HTTP {Status}{trace})";
    }
}

/// <summary>The platform answered a request with a failure.</summary>
internal sealed class ApiException(ApiProblem problem) : Exception(problem.Describe())
{
    public ApiProblem Problem { get; } = problem;

    public bool Is(HttpStatusCode status) => Problem.Status == (int)status;
}
