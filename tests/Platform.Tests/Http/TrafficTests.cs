using System.Net;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>Rate limits, proxies and cross-origin requests, on an app with low limits that trusts the test as its proxy.</summary>
public sealed class TrafficTests(PlatformHost host) : PlatformTests(host)
{
    private const string Console = "https://console.example";

    [Fact]
    public async Task Requests_are_limited_by_address_account_and_token_with_headers_for_what_is_left()
    {
        await using var app = await StartAsync(("RATE_LIMIT_PER_ADDRESS", "1000"), ("RATE_LIMIT_PER_USER", "6"), ("RATE_LIMIT_PER_TOKEN", "4"));
        using var person = await Host.NewUserAsync(app: app);
        var other = app.NewClient();
        (await other.SignInAsync(person.Email)).Expect(200);

        var first = (await person.GetAsync("auth/me")).Expect(200);
        Assert.Equal("4", first.Headers.GetValues("RateLimit-Limit").Single());
        Assert.Equal("3", first.Headers.GetValues("RateLimit-Remaining").Single());
        // One of four requests is used up, and a bucket of four refills one in a quarter of a minute.
        Assert.Equal("15", first.Headers.GetValues("RateLimit-Reset").Single());
        var refused = await RefusedAsync(person, atMost: 6);
        Assert.Equal("transient", refused.Text("category"));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("0", refused.Headers.GetValues("RateLimit-Remaining").Single());
        Assert.Equal("60", refused.Headers.GetValues("RateLimit-Reset").Single());
        // The other token still works until the account itself exceeds its limit.
        (await other.GetAsync("auth/me")).Expect(200);
        Assert.Contains("account", (await RefusedAsync(other, atMost: 6)).Text("detail"), StringComparison.Ordinal);
        using var somebodyElse = await Host.NewUserAsync(app: app);
        (await somebodyElse.GetAsync("auth/me")).Expect(200);
    }

    [Fact]
    public async Task Sign_in_has_a_stricter_limit_by_forwarded_address_and_health_has_none()
    {
        await using var app = await StartAsync(("RATE_LIMIT_PER_ADDRESS", "10"), ("RATE_LIMIT_SIGN_IN", "1"));
        using var client = app.NewClient();

        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 3; i++)
            answers.Add(await SignInFromAsync(client, "198.51.100.1"));

        // The only one of a minute is used up by the first. A higher limit would refill while a busy machine checks passwords.
        Assert.Equal(["401", "429", "429"], answers.Select(answer => $"{(int)answer.Status}"));
        (await SignInFromAsync(client, "198.51.100.2")).Expect(401);
        // Entries that the caller wrote before the proxy's own entry are ignored.
        (await SignInFromAsync(client, "203.0.113.9, 198.51.100.1")).Expect(429, "RATE_LIMITED");
        for (var i = 0; i < 20; i++)
            (await client.SendAsync(HttpMethod.Get, "/health/live", null, ("X-Forwarded-For", "198.51.100.1"))).Expect(200);
    }

    [Fact]
    public async Task Forwarded_addresses_are_ignored_without_trusted_proxies()
    {
        await using var app = await StartAsync(("TRUSTED_PROXIES", null), ("RATE_LIMIT_SIGN_IN", "1"));
        using var client = app.NewClient();

        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 3; i++)
            answers.Add(await SignInFromAsync(client, $"198.51.100.{i}"));

        Assert.Equal(2, answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task All_instances_of_the_app_share_the_limits()
    {
        const int limit = 5;
        await using var first = await StartAsync(("RATE_LIMIT_PER_USER", $"{limit}"), ("RATE_LIMIT_SIGN_IN", $"{limit}"));
        await using var second = await Host.StartAppAsync(first.Databases, new Dictionary<string, string?>
        {
            ["TRUSTED_PROXIES"] = "127.0.0.0/8", ["RATE_LIMIT_PER_USER"] = $"{limit}", ["RATE_LIMIT_SIGN_IN"] = $"{limit}",
        });
        using var person = await Host.NewUserAsync(app: first);
        using var samePerson = second.NewClient();
        (await samePerson.SignInAsync(person.Email)).Expect(200);
        using var stranger = first.NewClient();
        using var sameStranger = second.NewClient();

        var (requests, mayRequest) = await CountAsync(client => client.GetAsync("auth/me"), person, samePerson);
        var (signIns, maySignIn) = await CountAsync(client => SignInFromAsync(client, "198.51.100.7"), stranger, sameStranger);

        Assert.InRange(requests, limit, mayRequest);
        Assert.InRange(signIns, limit, maySignIn);

        // The requests that were served out of four times the limit, and how many the limit allows in the time that they took.
        async Task<(int Served, int May)> CountAsync(Func<ApiClient, Task<ApiAnswer>> send, ApiClient one, ApiClient other)
        {
            var started = System.Diagnostics.Stopwatch.StartNew();
            var answers = new List<ApiAnswer>();
            for (var i = 0; i < 2 * limit; i++)
                answers.AddRange([await send(one), await send(other)]);
            return (answers.Count(answer => answer.Status != HttpStatusCode.TooManyRequests), limit + (int)(started.Elapsed.TotalMinutes * limit) + 1);
        }
    }

    [Fact]
    public async Task Each_instance_counts_its_own_requests_while_the_database_is_away()
    {
        await using var app = await StartAsync(("RATE_LIMIT_PER_ADDRESS", "1"));
        using var client = app.NewClient();
        await Host.DropDatabaseAsync(app.Databases.Users);

        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 20; i++)
            answers.Add(await client.GetAsync("openapi.json"));

        Assert.Equal(HttpStatusCode.OK, answers[0].Status);
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.TooManyRequests);
        Assert.DoesNotContain(answers, answer => answer.Status is not (HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task Only_pages_of_listed_origins_may_call_and_read()
    {
        await using var app = await StartAsync(("CORS_ORIGINS", $"{Console},http://localhost:5173"));
        using var client = app.NewClient();

        var asked = await client.SendAsync(HttpMethod.Options, "projects", null, ("Origin", Console), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "if-match"));
        asked.Expect(204);
        Assert.Equal(Console, asked.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("PUT", asked.Headers.GetValues("Access-Control-Allow-Methods").Single(), StringComparison.Ordinal);
        Assert.Contains("If-Match", asked.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);

        // Failures need the headers too, so that the page can show its user what is wrong.
        var refused = (await client.SendAsync(HttpMethod.Get, "projects", null, ("Origin", Console))).Expect(401);
        Assert.Equal(Console, refused.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("ETag", refused.Headers.GetValues("Access-Control-Expose-Headers").Single(), StringComparison.Ordinal);
        Assert.Contains("Origin", refused.Headers.Vary);

        foreach (var stranger in (string[])["https://console.example.evil", "null", "http://console.example"])
            Assert.False((await client.SendAsync(HttpMethod.Options, "projects", null, ("Origin", stranger), ("Access-Control-Request-Method", "GET"))).Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Every_answer_has_security_headers_also_for_https_behind_a_proxy()
    {
        await using var app = await StartAsync();
        using var client = app.NewClient();

        foreach (var path in (string[])["/health/live", "openapi.json", "projects", "no/such/address"])
        {
            var answer = await client.SendAsync(HttpMethod.Get, path, null, ("X-Forwarded-Proto", "https"));
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.StartsWith("max-age=", answer.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Server"));
        }
        Assert.False((await client.GetAsync("projects")).Headers.Contains("Strict-Transport-Security"));
    }

    private Task<PlatformApp> StartAsync(params (string Name, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?> { ["TRUSTED_PROXIES"] = "127.0.0.0/8" };
        foreach (var (name, value) in settings)
            all[name] = value;
        return Host.StartAppAsync(settings: all);
    }

    private static Task<ApiAnswer> SignInFromAsync(ApiClient client, string address) => client.SendAsync(
        HttpMethod.Post, "auth/login", new { email = $"nobody.{Guid.CreateVersion7():n}@platform.test", password = "wrong" }, ("X-Forwarded-For", address));

    private static async Task<ApiAnswer> RefusedAsync(ApiClient client, int atMost)
    {
        for (var i = 0; i < atMost; i++)
            if (await client.GetAsync("auth/me") is { Status: HttpStatusCode.TooManyRequests } refused)
                return refused.Expect(429, "RATE_LIMITED");
        throw new InvalidOperationException("No request was refused.");
    }
}
