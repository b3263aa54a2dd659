using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>Addresses and methods that the app does not have.</summary>
public sealed class UnknownAddressTests(PlatformHost host) : PlatformTests(host), IDisposable
{
    private readonly ApiClient _anonymous = new(host.App);

    public void Dispose() => _anonymous.Dispose();

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/favicon.ico")]
    [InlineData("GET", "/api")]
    [InlineData("GET", "/api/v2/projects")]
    [InlineData("GET", "/admin/nothing")]
    [InlineData("GET", "/runtime/nothing")]
    [InlineData("POST", "/.env")]
    [InlineData("TRACE", "/")]
    [InlineData("PROPFIND", "/api/v1/nothing")]
    public async Task An_address_without_a_function_is_answered_with_a_problem(string method, string address)
    {
        var answer = (await _anonymous.SendAsync(HttpMethod.Parse(method), address)).Expect(404, "NOT_FOUND");

        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType!.MediaType);
        ExpectSecurityHeaders(answer);
    }

    [Theory]
    [InlineData("PATCH", "/api/v1/projects", "GET, HEAD, OPTIONS, POST")]
    [InlineData("TRACE", "/api/v1/projects", "GET, HEAD, OPTIONS, POST")]
    [InlineData("BREW", "/api/v1/auth/login", "OPTIONS, POST")]
    [InlineData("DELETE", "/health/live", "GET, HEAD, OPTIONS")]
    [InlineData("HEAD", "/api/v1/auth/login", "OPTIONS, POST")]
    public async Task A_method_that_an_address_does_not_have_is_answered_with_those_that_it_has(string method, string address, string allowed)
    {
        var answer = (await _anonymous.SendAsync(HttpMethod.Parse(method), address)).Expect(405, method == "HEAD" ? null : "METHOD_NOT_ALLOWED");

        Assert.Equal(allowed, string.Join(", ", answer.ContentHeaders.Allow));
        ExpectSecurityHeaders(answer);
    }

    [Theory]
    [InlineData("/health/live", "GET, HEAD, OPTIONS")]
    [InlineData("/api/v1/projects", "GET, HEAD, OPTIONS, POST")]
    public async Task OPTIONS_says_what_an_address_has(string address, string allowed)
    {
        var answer = (await _anonymous.SendAsync(HttpMethod.Options, address)).Expect(204);

        Assert.Equal(allowed, string.Join(", ", answer.ContentHeaders.Allow));
    }

    [Fact]
    public async Task The_admin_interface_without_its_key_is_answered_with_a_problem()
    {
        var answer = (await _anonymous.GetAsync("/admin/functions")).Expect(401);

        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType!.MediaType);
        Assert.Matches("^[0-9a-f]{32}$", answer.Text("traceId"));
        ExpectSecurityHeaders(answer);
    }

    [Theory]
    [InlineData("/admin/host/ping")]
    [InlineData("/health/live")]
    public async Task A_load_balancer_may_ask_by_HEAD(string address) => (await _anonymous.SendAsync(HttpMethod.Head, address)).Expect(200);

    private static void ExpectSecurityHeaders(ApiAnswer answer) =>
        Assert.All(["X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Referrer-Policy"], name => Assert.Single(answer.Headers.GetValues(name)));
}
