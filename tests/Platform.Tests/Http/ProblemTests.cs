using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

public sealed class ProblemTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Every_problem_has_code_category_action_trace_and_content_type()
    {
        var problem = (await Host.Admin.GetAsync("nothing/here")).Expect(404, "NOT_FOUND");

        Assert.Equal("application/problem+json", problem.ContentHeaders.ContentType!.MediaType);
        Assert.Equal("user", problem.Text("category"));
        Assert.Equal(404, problem.Body.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.Text("suggestedAction")!);
        Assert.Matches("^[0-9a-f]{32}$", problem.Text("traceId"));
        Assert.StartsWith("urn:vision-platform:problem:", problem.Text("type"), StringComparison.Ordinal);
        Assert.NotEmpty(problem.Text("title")!);
        Assert.NotEmpty(problem.Text("detail")!);
        Assert.Equal("nosniff", problem.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("{", "line 1, position 2")]
    [InlineData("{\n  \"name\": }", "line 2, position 11")]
    [InlineData("{\"name\":\"a\"} trailing", "line 1, position 14")]
    public async Task Malformed_json_is_reported_with_its_position(string text, string where) =>
        Assert.Contains(where, (await Host.Admin.PostTextAsync("projects", text)).Expect(400, "MALFORMED_JSON").Text("detail"), StringComparison.Ordinal);

    [Fact]
    public async Task Deeply_nested_json_is_refused() =>
        (await Host.Admin.PostTextAsync("projects", string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100))).Expect(400, "MALFORMED_JSON");

    [Fact]
    public async Task Every_error_in_a_body_is_reported_at_once()
    {
        var problem = (await Host.Admin.PostTextAsync("projects", """{"description":5,"colour":"red","Name":"x"}""")).Expect(422, "VALIDATION_FAILED");

        Assert.Equal(["Required."], problem.ErrorsOf("name"));
        Assert.Equal(["Must be text."], problem.ErrorsOf("description"));
        Assert.Equal(["Unknown field."], problem.ErrorsOf("colour"));
        Assert.Equal(["Unknown field."], problem.ErrorsOf("Name"));
    }

    [Theory]
    [InlineData("""{"name":null}""", "Must not be null.")]
    [InlineData("""{"name":"a","name":"b"}""", "Sent twice.")]
    [InlineData("""{"name":"nul\u0000"}""", "Must be valid Unicode text without NUL.")]
    [InlineData("""{"name":"half \ud800 pair"}""", "Must be valid Unicode text without NUL.")]
    public async Task Values_that_cannot_be_stored_are_refused_with_their_field(string text, string message) =>
        Assert.Contains(message, (await Host.Admin.PostTextAsync("projects", text)).Expect(422, "VALIDATION_FAILED").ErrorsOf("name"));

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    public async Task A_body_that_is_not_an_object_is_refused(string text) =>
        (await Host.Admin.PostTextAsync("projects", text)).Expect(422, "VALIDATION_FAILED");

    [Fact]
    public async Task Another_content_type_is_refused() =>
        (await Host.Admin.PostTextAsync("projects", "name=a", "application/x-www-form-urlencoded")).Expect(415, "UNSUPPORTED_MEDIA_TYPE");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large_is_refused_with_and_without_its_length_announced(bool announced)
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"name":"{{new string('a', 1_100_000)}}"}""");
        using var content = announced ? new ByteArrayContent(bytes) : (HttpContent)new StreamContent(new Unseekable(bytes));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        (await Host.Admin.SendAsync(HttpMethod.Post, "projects", content)).Expect(413, "BODY_TOO_LARGE");
    }

    [Fact]
    public async Task An_unsupported_method_is_refused_with_the_supported_ones()
    {
        var refused = (await Host.Admin.SendAsync(HttpMethod.Patch, "projects")).Expect(405, "METHOD_NOT_ALLOWED");

        Assert.Equal(["GET", "HEAD", "OPTIONS", "POST"], refused.ContentHeaders.Allow.Order());
    }

    [Fact]
    public async Task An_unexpected_failure_is_answered_without_details_and_logged_with_its_trace()
    {
        await using var app = await Host.StartAppAsync();
        using var admin = await PlatformHost.SignInAdminAsync(app);
        await using (var database = app.Databases.OpenUsers())
            await database.Database.ExecuteSqlAsync($"UPDATE users SET role = 'no such role'");

        var problem = (await admin.GetAsync("auth/me")).Expect(500, "INTERNAL_ERROR");

        Assert.DoesNotContain("no such role", problem.RawText, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", problem.RawText, StringComparison.Ordinal);
        await Waiting.UntilAsync(
            () => app.Log.Any(line => line.Contains(problem.Text("traceId")!, StringComparison.Ordinal) && line.Contains("failed unexpectedly", StringComparison.Ordinal)),
            "the failure in the log");
    }

    [Fact]
    public async Task An_unavailable_database_is_a_transient_problem_and_makes_the_app_unready_but_alive()
    {
        await using var app = await Host.StartAppAsync();
        using var admin = await PlatformHost.SignInAdminAsync(app);
        await Host.DropDatabaseAsync(app.Databases.Platform);

        var problem = (await admin.GetAsync("projects")).Expect(503, "DATABASE_UNAVAILABLE");

        Assert.Equal("transient", problem.Text("category"));
        Assert.NotNull(problem.Headers.RetryAfter);
        var ready = await admin.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Equal("unavailable", HealthTests.StatusOf(ready, "platform_database"));
        Assert.Equal("ok", HealthTests.StatusOf(ready, "user_database"));
        (await admin.GetAsync("/health/live")).Expect(200);
    }

    [Fact]
    public async Task Requests_are_logged_by_route_without_ids_and_tokens()
    {
        using var owner = await Host.NewUserAsync();
        var id = await owner.NewProjectAsync();
        await owner.GetAsync($"projects/{id}");

        await Waiting.UntilAsync(() => Host.App.Log.Any(line => line.Contains("GET /api/v1/projects/{id:guid} 200", StringComparison.Ordinal)), "the request's log line");
        Assert.DoesNotContain(Host.App.Log, line => line.Contains(owner.AccessToken!, StringComparison.Ordinal) || line.Contains(owner.RefreshToken!, StringComparison.Ordinal));
    }

    /// <summary>Content of unknown length, so that the request is sent in chunks.</summary>
    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
