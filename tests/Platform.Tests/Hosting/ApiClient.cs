using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>Talks to an app as a program of a user does. Paths are below <c>/api/v1/</c> unless they begin with a slash.</summary>
public sealed class ApiClient(PlatformApp app) : IDisposable
{
    public const string Password = "a long enough pass phrase";

    /// <summary>The connection, for what the other methods do not cover.</summary>
    public HttpClient Http { get; } = new() { BaseAddress = app.Address, Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Who is signed in.</summary>
    public Guid UserId { get; private set; }

    public string Email { get; private set; } = "";

    public string? AccessToken { get; private set; }

    public string? RefreshToken { get; private set; }

    public Task<ApiAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<ApiAnswer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, Json(body));

    public Task<ApiAnswer> PutAsync(string path, object? body = null) => SendAsync(HttpMethod.Put, path, Json(body));

    public Task<ApiAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    /// <summary>Sends text as it is, with the content type of JSON.</summary>
    public Task<ApiAnswer> PostTextAsync(string path, string text, string contentType = "application/json") =>
        SendAsync(HttpMethod.Post, path, new StringContent(text, new UTF8Encoding(false), MediaTypeHeaderValue.Parse(contentType)));

    /// <summary>Sends a body as JSON with further headers.</summary>
    public Task<ApiAnswer> SendAsync(HttpMethod method, string path, object? body, params (string Name, string Value)[] headers) =>
        SendAsync(method, path, Json(body), headers);

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path.StartsWith('/') ? path : "/api/v1/" + path) { Content = content };
        if (AccessToken is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AccessToken);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Http.SendAsync(request);
        return new ApiAnswer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Signs in; the following requests are that person's.</summary>
    public async Task<ApiAnswer> SignInAsync(string email, string password = Password)
    {
        var answer = await PostAsync("auth/login", new { email, password });
        if (answer.Status == HttpStatusCode.OK)
            Use(answer);
        return answer;
    }

    /// <summary>Takes over the session in an answer.</summary>
    public void Use(ApiAnswer session)
    {
        AccessToken = session.Text("accessToken");
        RefreshToken = session.Text("refreshToken");
        UserId = session.Body.GetProperty("user").GetProperty("id").GetGuid();
        Email = session.Body.GetProperty("user").GetProperty("email").GetString()!;
    }

    /// <summary>Goes on as somebody whose session has begun elsewhere.</summary>
    public void Use(User user, string accessToken, string refreshToken) => (UserId, Email, AccessToken, RefreshToken) = (user.Id, user.Email, accessToken, refreshToken);

    /// <summary>Goes on with another access token, or none.</summary>
    public ApiClient WithToken(string? token)
    {
        AccessToken = token;
        return this;
    }

    /// <summary>Makes a project and gives its id.</summary>
    public async Task<Guid> NewProjectAsync(string? name = null) =>
        (await PostAsync("projects", new { name = name ?? $"project {Guid.CreateVersion7():n}" })).Expect(201).Id;

    public void Dispose() => Http.Dispose();

    private static StringContent? Json(object? body) =>
        body is null ? null : new StringContent(JsonSerializer.Serialize(body, ApiJson.Options), Encoding.UTF8, "application/json");
}

/// <summary>An answer of the API, read to its end.</summary>
public sealed record ApiAnswer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, string RawText)
{
    private readonly Lazy<JsonElement> _body = new(() => JsonDocument.Parse(RawText).RootElement);

    /// <summary>The body as JSON.</summary>
    public JsonElement Body => _body.Value;

    public Guid Id => Body.GetProperty("id").GetGuid();

    /// <summary>The code of a problem.</summary>
    public string? Code => Text("code");

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<JsonElement> Items => [.. Body.GetProperty("items").EnumerateArray()];

    public string? NextCursor => Text("nextCursor");

    public string? Text(string property) => Body.TryGetProperty(property, out var value) ? value.GetString() : null;

    /// <summary>The messages that a problem has for a field.</summary>
    public IReadOnlyList<string> ErrorsOf(string field) =>
        Body.TryGetProperty("errors", out var errors) && errors.TryGetProperty(field, out var messages) ? [.. messages.EnumerateArray().Select(message => message.GetString()!)] : [];

    public T As<T>() => Body.Deserialize<T>(ApiJson.Options)!;

    /// <summary>This answer, if it has the status; fails with the body otherwise.</summary>
    public ApiAnswer Expect(int status, string? code = null)
    {
        if ((int)Status != status || (code is not null && Code != code))
            Assert.Fail($"Expected {status} {code} but got {(int)Status}: {RawText}");
        return this;
    }
}
