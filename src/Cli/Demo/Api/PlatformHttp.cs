using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace VisionPlatform.Cli.Demo.Api;

/// <summary>Whether a request may be sent again if it is unknown whether the platform handled it.</summary>
internal enum Repeat
{
    /// <summary>It may not, because it would take effect twice. It is sent again only if it never arrived.</summary>
    OnlyIfUnsent,

    /// <summary>It may, because a second time changes nothing.</summary>
    Always,
}

/// <summary>
/// Sends requests to the platform: bearer token, renewal of an expired session, waiting while the platform is
/// away (<see cref="Patience"/>), failures as <see cref="ApiException"/>.
/// </summary>
internal sealed class PlatformHttp(HttpClient http, Patience patience)
{
    private Session? _session;

    public Patience Patience => patience;

    /// <summary>The session whose access token goes with every request that names no bearer of its own.</summary>
    public void Use(Session session) => _session = session;

    public async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, Repeat repeat, CancellationToken cancellation, string? bearer = null)
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(method, path)
            {
                Content = body is null ? null : JsonBody(body),
            },
            HttpCompletionOption.ResponseContentRead, repeat, bearer, cancellation);
        return await response.Content.ReadFromJsonAsync<T>(PlatformClient.Json, cancellation)
            ?? throw new CommandException($"{method} {path} answered with an empty body.");
    }

    /// <summary>Sends a Content-Length, because some proxies require it.</summary>
    private static ByteArrayContent JsonBody(object body)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, PlatformClient.Json));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>The successful answer to a request; the caller disposes of it.</summary>
    /// <exception cref="ApiException">The platform refused the request.</exception>
    /// <exception cref="CommandException">The platform stayed away too long.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> request, HttpCompletionOption completion, Repeat repeat, string? bearer, CancellationToken cancellation)
    {
        var renewed = false;
        for (var tries = 0; ; tries++)
        {
            var (response, reason) = await TryAsync(request, completion, repeat, bearer, cancellation);
            if (response is null)
            {
                await patience.PauseAsync(tries, reason, cancellation);
                continue;
            }
            patience.Answered();
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                if (response.StatusCode == HttpStatusCode.Unauthorized && bearer is null && !renewed && _session is not null)
                {
                    renewed = true;
                    await RenewAsync(_session, cancellation);
                    continue;
                }
                throw new ApiException(await ApiProblem.ReadAsync(response, cancellation));
            }
        }
    }

    /// <summary>The answer, or null and the reason when the request may be sent again.</summary>
    private async Task<(HttpResponseMessage? Response, string Reason)> TryAsync(
        Func<HttpRequestMessage> request, HttpCompletionOption completion, Repeat repeat, string? bearer, CancellationToken cancellation)
    {
        using var message = request();
        if ((bearer ?? _session?.AccessToken) is { } token)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var method = message.Method;
        try
        {
            var response = await http.SendAsync(message, completion, cancellation);
            var away = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests
                || (repeat == Repeat.Always && response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout);
            if (!away)
                return (response, "");
            using (response)
            {
                var problem = await ApiProblem.ReadAsync(response, cancellation);
                return (null, problem.Code is null ? $"HTTP {(int)response.StatusCode}" : problem.Describe());
            }
        }
        catch (HttpRequestException failure) when (repeat == Repeat.Always || NothingWasSent(failure))
        {
            return (null, ReasonOf(failure));
        }
        catch (HttpRequestException failure)
        {
            throw CommandException.Unavailable($"the connection broke during {method} {message.RequestUri}; whether it was done is not known ({ReasonOf(failure)}).", failure);
        }
        catch (OperationCanceledException failure) when (!cancellation.IsCancellationRequested)
        {
            return repeat == Repeat.Always
                ? (null, "no answer in time")
                : throw CommandException.Unavailable($"{method} {message.RequestUri} got no answer in {http.Timeout.TotalSeconds:0} s.", failure);
        }
    }

    private async Task RenewAsync(Session session, CancellationToken cancellation)
    {
        using var answer = await http.PostAsync("api/v1/auth/refresh", JsonBody(new { session.RefreshToken }), cancellation);
        if (!answer.IsSuccessStatusCode)
            throw new ApiException(await ApiProblem.ReadAsync(answer, cancellation));
        _session = await answer.Content.ReadFromJsonAsync<Session>(PlatformClient.Json, cancellation);
    }

    private static bool NothingWasSent(HttpRequestException failure) =>
        failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;

    private static string ReasonOf(HttpRequestException failure) => failure.InnerException?.Message ?? failure.Message;
}
