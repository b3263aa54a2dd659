using System.Net;
using VisionPlatform.Cli.Demo.Api;

namespace VisionPlatform.Cli.Tests.Demo;

public sealed class PlatformHttpTests
{
    private const string NewSession = """{"accessToken":"fresh","expiresIn":3600,"refreshToken":"r2","mustChangePassword":false,"user":{"id":"u","email":"a@b.c","role":"admin"}}""";

    private readonly ScriptedPlatform _platform = new();

    [Fact]
    public async Task An_expired_session_is_renewed_once_and_the_request_is_sent_again()
    {
        _platform.Answer(HttpStatusCode.Unauthorized).Answer(HttpStatusCode.OK, NewSession).Answer(HttpStatusCode.OK, """{"id":"p","name":"n"}""");
        var http = _platform.Http();
        http.Use(new Session("old", 3600, "r1", false, new User("u", "a@b.c", null, "admin")));

        await SendAsync(http, Repeat.OnlyIfUnsent);

        Assert.Equal(["old", "old", "fresh"], _platform.Requests.Select(r => r.Bearer ?? "old"));
        Assert.Contains("r1", _platform.Requests[1].Body);
    }

    [Fact]
    public async Task A_request_that_the_platform_may_have_handled_is_not_sent_twice()
    {
        _platform.Fail(HttpRequestError.ResponseEnded);

        var failure = await Assert.ThrowsAsync<CommandException>(() => SendAsync(_platform.Http(), Repeat.OnlyIfUnsent));

        Assert.Equal(ExitCode.Unavailable, failure.ExitCode);
        Assert.Single(_platform.Requests);
    }

    [Fact]
    public async Task A_request_that_a_bad_gateway_may_have_passed_on_is_not_sent_twice()
    {
        _platform.Answer(HttpStatusCode.BadGateway, "<html>", "text/html");

        var problem = await Assert.ThrowsAsync<ApiException>(() => SendAsync(_platform.Http(), Repeat.OnlyIfUnsent));

        Assert.Equal("HTTP_ERROR: BadGateway (HTTP 502)", problem.Message);
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, nameof(Repeat.OnlyIfUnsent))]
    [InlineData(HttpRequestError.ResponseEnded, nameof(Repeat.Always))]
    public async Task A_request_that_never_arrived_or_may_be_repeated_is_sent_again(HttpRequestError error, string repeat)
    {
        _platform.Fail(error).Answer(HttpStatusCode.OK, """{"id":"p","name":"n"}""");

        var project = await SendAsync(_platform.Http(), Enum.Parse<Repeat>(repeat));

        Assert.Equal("p", project.Id);
        Assert.Equal(2, _platform.Announcements.Count);
    }

    [Fact]
    public async Task Waiting_for_a_platform_that_stays_away_ends_with_one_message()
    {
        var http = new PlatformHttp(_platform.Client(), new Patience(TimeSpan.Zero, _platform.Announcements.Add, TimeProvider.System));
        _platform.Fail(HttpRequestError.ConnectionError).Fail(HttpRequestError.ConnectionError);

        var failure = await Assert.ThrowsAsync<CommandException>(() => SendAsync(http, Repeat.Always));

        Assert.Equal(ExitCode.Unavailable, failure.ExitCode);
        Assert.StartsWith("the platform did not answer for", failure.Message);
    }

    [Fact]
    public void A_problem_is_one_line_with_code_detail_fields_and_what_to_do()
    {
        var problem = new ApiProblem("Invalid", 422, "The config is wrong.", "INVALID_CONFIG", "user", "Lower it.", "t1",
            new Dictionary<string, string[]> { ["config.epochs"] = ["At most 1000."] });

        Assert.Equal("INVALID_CONFIG: The config is wrong. [config.epochs: At most 1000.] Lower it. (HTTP 422, trace t1)", problem.Describe());
    }

    private static Task<Project> SendAsync(PlatformHttp http, Repeat repeat) =>
        http.SendAsync<Project>(HttpMethod.Post, "api/v1/projects", new { name = "n" }, repeat, TestContext.Current.CancellationToken);
}
