using System.Net.Http.Headers;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Projects;

namespace VisionPlatform.Platform.Tests.Training;

public sealed class EventStreamTests(PlatformHost host) : PlatformTests(host)
{
    [Theory]
    [InlineData("removal from the project")]
    [InlineData("sign-out")]
    [InlineData("sign-out of another device")]
    [InlineData("sign-out everywhere")]
    [InlineData("new password")]
    [InlineData("reuse of a refresh token")]
    [InlineData("revocation of the token")]
    [InlineData("deactivation")]
    [InlineData("deletion of the account")]
    public async Task A_stream_ends_at_once_when_its_reader_loses_access(string how)
    {
        using var owner = await Host.NewUserAsync();
        using var reader = await Host.NewUserAsync();
        using var elsewhere = Host.App.NewClient();
        (await elsewhere.SignInAsync(reader.Email)).Expect(200);
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, reader.UserId, ProjectRole.Member);
        var job = (await PendingJobs.AddAsync(Host.App.Databases, project, owner.UserId, 1))[0];
        var token = (await reader.PostAsync("auth/tokens", new { name = "stream", scopes = new[] { "read" } })).Expect(201);
        var byToken = how == "revocation of the token";
        using var kept = await OpenAsync(owner, owner.AccessToken!, job);
        using var stream = await OpenAsync(reader, byToken ? token.Text("token")! : reader.AccessToken!, job);

        await (how switch
        {
            "removal from the project" => owner.DeleteAsync($"projects/{project}/members/{reader.UserId}"),
            "sign-out" => reader.PostAsync("auth/logout"),
            "sign-out of another device" => EndOtherAsync(elsewhere),
            "sign-out everywhere" => elsewhere.PostAsync("auth/logout-everywhere"),
            "new password" => elsewhere.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = "another long pass phrase" }),
            "reuse of a refresh token" => ReuseAsync(reader),
            "revocation of the token" => elsewhere.DeleteAsync($"auth/tokens/{token.Id}"),
            "deactivation" => Host.Admin.PostAsync($"admin/users/{reader.UserId}/deactivate"),
            "deletion of the account" => Host.Admin.DeleteAsync($"admin/users/{reader.UserId}"),
            _ => throw new ArgumentOutOfRangeException(nameof(how), how, "Unknown way."),
        });

        // A stream goes on for 200 s by itself.
        var rest = stream.ReadToEndAsync();
        await Waiting.UntilAsync(() => rest.IsCompleted, "the end of the stream", seconds: 150);
        Assert.DoesNotContain("event: end", await rest, StringComparison.Ordinal);
        var other = kept.ReadToEndAsync();
        Assert.False(other.IsCompleted);
    }

    private static async Task<StreamReader> OpenAsync(ApiClient client, string token, Guid job)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/training/jobs/{job}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        // It has been read up to the present, so that it waits now.
        while (await reader.ReadLineAsync() is { } line && line != ": still here")
        {
        }
        return reader;
    }

    private static async Task<ApiAnswer> EndOtherAsync(ApiClient client)
    {
        var other = (await client.GetAsync("auth/sessions")).Items.Single(session => !session.GetProperty("current").GetBoolean());
        return (await client.DeleteAsync($"auth/sessions/{other.GetProperty("id").GetGuid()}")).Expect(204);
    }

    private async Task<ApiAnswer> ReuseAsync(ApiClient client)
    {
        (await client.PostAsync("auth/refresh", new { refreshToken = client.RefreshToken })).Expect(200);
        using var thief = Host.App.NewClient();
        thief.Http.DefaultRequestHeaders.UserAgent.ParseAdd("thief/1.0");
        return (await thief.PostAsync("auth/refresh", new { refreshToken = client.RefreshToken })).Expect(401);
    }
}
