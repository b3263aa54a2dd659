using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Azure.Functions.Worker.Http;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>The request of an <see cref="HttpContext"/> in the host-neutral model.</summary>
internal sealed class AspNetRequestData(FunctionContext function, HttpContext http) : HttpRequestData(function)
{
    public override Stream Body => http.Request.Body;

    public override HttpHeadersCollection Headers => field ??= new HttpHeadersCollection(
        http.Request.Headers.Select(header => KeyValuePair.Create(header.Key, (IEnumerable<string>)[.. header.Value.Select(value => value ?? "")])));

    public override IReadOnlyCollection<IHttpCookie> Cookies =>
        field ??= [.. http.Request.Cookies.Select(cookie => new HttpCookie(cookie.Key, cookie.Value))];

    public override Uri Url { get; } = new(http.Request.GetEncodedUrl());

    public override IEnumerable<ClaimsIdentity> Identities => http.User.Identities;

    public override string Method => http.Request.Method;

    public override HttpResponseData CreateResponse() => new AspNetResponseData(FunctionContext);
}

/// <summary>An answer that is kept until the function returns it.</summary>
internal sealed class AspNetResponseData(FunctionContext function) : HttpResponseData(function)
{
    private readonly List<IHttpCookie> _cookies = [];

    public override HttpStatusCode StatusCode { get; set; } = HttpStatusCode.OK;

    public override HttpHeadersCollection Headers { get; set; } = new();

    public override Stream Body { get; set; } = new MemoryStream();

    public override HttpCookies Cookies => field ??= new CookieList(_cookies);

    private sealed class CookieList(List<IHttpCookie> cookies) : HttpCookies
    {
        public override void Append(string name, string value) => cookies.Add(new HttpCookie(name, value));

        public override void Append(IHttpCookie cookie) => cookies.Add(cookie);

        public override IHttpCookie CreateNew() => new HttpCookie("", "");
    }

    /// <summary>Sends what the function returned.</summary>
    public static async Task WriteAsync(HttpResponseData answer, HttpContext http)
    {
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers)
            http.Response.Headers[name] = values.ToArray();
        if (answer is AspNetResponseData own)
        {
            foreach (IHttpCookie cookie in own._cookies)
                http.Response.Cookies.Append(cookie.Name, cookie.Value, OptionsOf(cookie));
        }

        if (answer.Body.CanSeek)
            answer.Body.Position = 0;
        await answer.Body.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    private static CookieOptions OptionsOf(IHttpCookie cookie) => new()
    {
        Domain = cookie.Domain,
        Expires = cookie.Expires,
        HttpOnly = cookie.HttpOnly ?? false,
        MaxAge = cookie.MaxAge is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Path = cookie.Path ?? "/",
        Secure = cookie.Secure ?? false,
        SameSite = cookie.SameSite switch
        {
            SameSite.Lax => SameSiteMode.Lax,
            SameSite.Strict => SameSiteMode.Strict,
            SameSite.ExplicitNone => SameSiteMode.None,
            _ => SameSiteMode.Unspecified,
        },
    };
}

/// <summary>A cookie with its settings open.</summary>
internal sealed class HttpCookie(string name, string value) : IHttpCookie
{
    public string? Domain { get; set; }

    public DateTimeOffset? Expires { get; set; }

    public bool? HttpOnly { get; set; }

    public double? MaxAge { get; set; }

    public string Name { get; set; } = name;

    public string? Path { get; set; }

    public SameSite SameSite { get; set; }

    public bool? Secure { get; set; }

    public string Value { get; set; } = value;
}
