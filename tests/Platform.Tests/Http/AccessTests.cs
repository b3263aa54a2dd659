using System.Net;
using System.Text.RegularExpressions;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>Checks that every function of the API behaves as it declares. New functions take part by themselves.</summary>
public sealed partial class AccessTests(PlatformHost host) : PlatformTests(host)
{
    private static readonly IReadOnlyList<FunctionDeclaration> Functions = FunctionDeclaration.AllHttpFunctionsIn(typeof(ApiDocument).Assembly);

    // Functions for anonymous callers: signing in and up, links from mails, health, the description of the API, the answer to unknown addresses,
    // predictions, which check the key of the deployment themselves, and new thumbnails, whose address has a token.
    private static readonly string[] Open =
    [
        "Login", "RefreshSession", "GetAccountOptions", "SignUp", "ConfirmSignUp", "ForgotPassword", "ResetPassword", "ConfirmEmail", "CreateServiceToken", "HealthLive", "HealthLiveV1", "HealthReady", "HealthReadyV1", "OpenApi", "Docs", "DocsFile", "zzUnknownAddress", "Predict",
        "PreviewInvitation", "DeclineInvitation", "SignUpInvited", "ViewDatasetThumbnail", "GetAttemptRequest", "HealthStream",
    ];

    [Fact]
    public void Every_function_declares_who_may_call_it() =>
        Assert.Empty(Functions.Where(function => function.Access is null).Select(function => function.Name));

    [Fact]
    public void Only_the_listed_functions_allow_anonymous_access() =>
        Assert.Empty(Functions.Where(function => function.Access is AllowAnonymousAccessAttribute).Select(function => function.Name).Except(Open));

    [Fact]
    public async Task Every_protected_function_answers_401_without_a_token()
    {
        using var stranger = Host.App.NewClient();
        foreach (var (method, path, function) in Calls(function => function.Access is RequiresPermissionAttribute or TrainerAccessAttribute))
        {
            var answer = await stranger.SendAsync(method, path);
            Assert.True(answer.Status == HttpStatusCode.Unauthorized, $"{function.Name} answered {answer.Status} to an anonymous caller");
        }
    }

    [Fact]
    public async Task Functions_for_trainers_refuse_the_token_of_a_person()
    {
        foreach (var (method, path, _) in Calls(function => function.Access is TrainerAccessAttribute))
            (await Host.Admin.SendAsync(method, path)).Expect(401, "INVALID_ATTEMPT_TOKEN");
    }

    [Fact]
    public async Task The_token_of_one_attempt_is_refused_for_another()
    {
        using var trainer = Host.App.NewClient();
        trainer.WithToken(new AttemptTokens(new SignedToken(PlatformHost.JwtSecret, TimeProvider.System)).Mint(Guid.CreateVersion7(), DateTimeOffset.UtcNow.AddHours(1)));
        foreach (var (method, path, _) in Calls(function => function.Access is TrainerAccessAttribute))
            (await trainer.SendAsync(method, path)).Expect(401, "INVALID_ATTEMPT_TOKEN");
    }

    [Theory]
    [InlineData(SystemRole.Guest)]
    [InlineData(SystemRole.StandardEngineer)]
    [InlineData(SystemRole.AdvancedEngineer)]
    [InlineData(SystemRole.Manager)]
    [InlineData(SystemRole.Admin)]
    public async Task Every_function_allows_the_system_roles_of_the_policy_and_no_others(SystemRole role)
    {
        using var person = await Host.NewUserAsync(role);
        foreach (var (method, path, function) in Calls(function => function.Access is RequiresPermissionAttribute))
        {
            var permission = ((RequiresPermissionAttribute)function.Access!).Permission;
            // The request has no body and its resource does not exist, so an allowed caller gets another error than 403.
            var answer = await person.SendAsync(method, path);
            if (AccessPolicy.Allows(role, permission))
                Assert.True(answer.Status != HttpStatusCode.Forbidden, $"{function.Name} refused {role}: {answer.RawText}");
            else
                Assert.Contains(AccessPolicy.NameOf(permission), answer.Expect(403, "FORBIDDEN").Text("detail"), StringComparison.Ordinal);
        }
    }

    private static IEnumerable<(HttpMethod Method, string Path, FunctionDeclaration Function)> Calls(Func<FunctionDeclaration, bool> which) =>
        from function in Functions.Where(which)
        from method in function.Methods
        // Sign out last, because it invalidates the token.
        orderby function.Name.StartsWith("Logout", StringComparison.Ordinal)
        select (HttpMethod.Parse(method), "/" + Parameter().Replace(function.Route, parameter => parameter.Value.EndsWith(":int}", StringComparison.Ordinal) ? "1" : Guid.CreateVersion7().ToString()), function);

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
