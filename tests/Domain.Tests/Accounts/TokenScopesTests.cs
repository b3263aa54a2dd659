using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Tests.Accounts;

public sealed class TokenScopesTests
{
    [Theory]
    [InlineData("read", Permission.ProjectsRead, true)]
    [InlineData("read", Permission.ProjectsWrite, false)]
    [InlineData("read", Permission.PredictionsRun, false)]
    [InlineData("read", Permission.AuditRead, false)]
    [InlineData("write", Permission.ProjectsRead, true)]
    [InlineData("write", Permission.TrainingRun, true)]
    [InlineData("write", Permission.UsersWrite, false)]
    [InlineData("admin", Permission.UsersWrite, true)]
    [InlineData("admin", Permission.AuditRead, true)]
    [InlineData("admin", Permission.ProjectsRead, false)]
    [InlineData("datasets:write", Permission.DatasetsWrite, true)]
    [InlineData("datasets:write", Permission.DatasetsRead, false)]
    [InlineData("audit:read", Permission.AuditRead, true)]
    public void A_scope_allows_exactly_its_permissions(string scope, Permission permission, bool allowed) =>
        Assert.Equal(allowed, new TokenScopes([scope]).Allows(permission));

    [Fact]
    public void Every_token_may_read_its_account_and_none_may_change_its_security()
    {
        var all = new TokenScopes([.. TokenScopes.All, "account:security", "account:password"]);

        Assert.True(new TokenScopes([]).Allows(Permission.AccountSelf));
        Assert.Equal([Permission.AccountPassword, Permission.AccountSecurity], Enum.GetValues<Permission>().Where(permission => !all.Allows(permission)));
    }

    [Fact]
    public void Services_cannot_have_scopes_of_managers_and_administrators()
    {
        var most = new TokenScopes(TokenScopes.ForServices);

        Assert.DoesNotContain(TokenScopes.Admin, TokenScopes.ForServices);
        Assert.DoesNotContain(Enum.GetValues<Permission>(), permission => AccessPolicy.IsAdministrative(permission) && most.Allows(permission));
    }

    [Fact]
    public void Scopes_cover_other_scopes_when_they_allow_all_their_permissions()
    {
        Assert.True(new TokenScopes(["write"]).Covers(new TokenScopes(["read", "datasets:write"])));
        Assert.True(new TokenScopes(["datasets:read"]).Covers(new TokenScopes(["datasets:read"])));
        Assert.False(new TokenScopes(["read"]).Covers(new TokenScopes(["datasets:write"])));
        Assert.False(new TokenScopes(["datasets:read"]).Covers(new TokenScopes(["read"])));
        Assert.False(new TokenScopes(["read", "write"]).Covers(new TokenScopes(["admin"])));
    }
}
