using VisionPlatform.Domain.Accounts;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Functions.Host.Tests.SameApp;

/// <summary>Sessions, permissions and problems over HTTP.</summary>
public abstract class AccessSuite(TrainingLab lab)
{
    [Fact]
    public async Task A_session_is_refreshed_once_and_ends_when_its_token_is_used_again()
    {
        using var person = await lab.NewStrangerAsync();
        var first = person.RefreshToken;
        Assert.Equal(person.Email, (await person.GetAsync("auth/me")).Expect(200).Text("email"));

        var refreshed = (await person.PostAsync("auth/refresh", new { refreshToken = first })).Expect(200);
        Assert.NotEqual(first, refreshed.Text("refreshToken"));

        using (var thief = lab.App.NewClient())
        {
            thief.Http.DefaultRequestHeaders.UserAgent.ParseAdd("thief/1.0");
            (await thief.PostAsync("auth/refresh", new { refreshToken = first })).Expect(401);
        }
        (await person.PostAsync("auth/refresh", new { refreshToken = refreshed.Text("refreshToken") })).Expect(401);
        (await person.WithToken(null).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await person.SignInAsync(person.Email, "not the password")).Expect(401, "INVALID_CREDENTIALS");
    }

    [Fact]
    public async Task Hidden_resources_are_not_found_and_forbidden_actions_are_refused()
    {
        using var stranger = await lab.NewStrangerAsync();
        using var guest = await lab.NewUserAsync(SystemRole.Guest);
        (await stranger.GetAsync($"datasets/{lab.DatasetId}")).Expect(404, "NOT_FOUND");
        (await stranger.PostAsync("training/jobs", lab.Job(new { epochs = 1 }))).Expect(404, "NOT_FOUND");
        (await stranger.PostAsync("training/jobs/" + Guid.CreateVersion7() + "/start")).Expect(404, "NOT_FOUND");
        (await guest.GetAsync("admin/audit")).Expect(403, "FORBIDDEN");
    }

    [Theory]
    [InlineData("GET", "nothing/here", null, 404, "NOT_FOUND")]
    [InlineData("PATCH", "auth/login", null, 405, "METHOD_NOT_ALLOWED")]
    [InlineData("POST", "projects", "{\"name\":", 400, "MALFORMED_JSON")]
    [InlineData("POST", "projects", "{\"nam\":\"x\"}", 422, "VALIDATION_FAILED")]
    [InlineData("GET", "projects/not-an-id", null, 404, "NOT_FOUND")]
    public async Task Every_failure_is_a_problem_with_code_category_action_and_trace(string method, string path, string? body, int status, string code)
    {
        var content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var problem = (await lab.Admin.SendAsync(HttpMethod.Parse(method), path, content)).Expect(status, code);

        Assert.Equal("application/problem+json", problem.ContentHeaders.ContentType!.MediaType);
        Assert.Equal("user", problem.Text("category"));
        Assert.NotEmpty(problem.Text("suggestedAction")!);
        Assert.Matches("^[0-9a-f]{32}$", problem.Text("traceId"));
    }

    [Fact]
    public async Task A_body_over_the_limit_of_an_endpoint_is_refused_with_a_problem() =>
        (await lab.Admin.PostAsync("projects", new { name = new string('x', 3 << 20) })).Expect(413, "BODY_TOO_LARGE");
}
