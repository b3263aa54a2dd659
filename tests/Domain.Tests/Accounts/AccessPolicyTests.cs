using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Tests.Accounts;

/// <summary>The whole table of rights, written out a second time: a change of the policy must be meant.</summary>
public sealed class AccessPolicyTests
{
    // Permission, then the weakest system role, then the weakest project role ("-": not about a project).
    private const string Table = """
        AccountSelf           Guest             -
        ProjectsCreate        Guest             -
        ProjectsRead          Guest             Viewer
        ProjectsWrite         Guest             Admin
        ProjectsDelete        Guest             Owner
        DatasetsRead          Guest             Viewer
        DatasetsWrite         Guest             Member
        DatasetsDelete        Guest             Admin
        TrainingRead          Guest             Viewer
        TrainingRun           Guest             Member
        TrainingAdvanced      AdvancedEngineer  Member
        TrainingManage        Guest             Admin
        ModelsRead            Guest             Viewer
        ExportsRead           Guest             Viewer
        ExportsRun            StandardEngineer  Member
        DeploymentsRead       Guest             Viewer
        DeploymentsWrite      StandardEngineer  Member
        PredictionsRun        Guest             Viewer
        AuditRead             Admin             -
        """;

    private static readonly List<(Permission Permission, SystemRole System, ProjectRole? Project)> Rows =
    [
        .. Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(cells => (
            Enum.Parse<Permission>(cells[0]), Enum.Parse<SystemRole>(cells[1]), cells[2] == "-" ? (ProjectRole?)null : Enum.Parse<ProjectRole>(cells[2]))),
    ];

    [Fact]
    public void Every_permission_has_a_row_and_a_name_of_its_own()
    {
        Assert.Equal(Enum.GetValues<Permission>().Order(), Rows.Select(row => row.Permission).Order());
        Assert.Equal(Rows.Count, Rows.Select(row => AccessPolicy.NameOf(row.Permission)).Distinct().Count());
    }

    [Fact]
    public void Every_system_role_holds_exactly_what_the_table_gives_it()
    {
        foreach (var (permission, least, _) in Rows)
            foreach (var role in Enum.GetValues<SystemRole>())
                Assert.True((role >= least) == AccessPolicy.Allows(role, permission), $"{role} and {permission}");
    }

    [Fact]
    public void Inside_a_project_both_roles_must_suffice_and_a_system_admin_acts_as_owner()
    {
        foreach (var (permission, leastSystem, leastProject) in Rows)
            foreach (var system in Enum.GetValues<SystemRole>())
                foreach (var project in Enum.GetValues<ProjectRole>())
                {
                    var expected = leastProject is not null && system >= leastSystem && (system == SystemRole.Admin || project >= leastProject);
                    Assert.True(expected == AccessPolicy.Allows(system, project, permission), $"{system}, {project} and {permission}");
                }
    }

    [Theory]
    [InlineData(SystemRole.Guest, "guest")]
    [InlineData(SystemRole.StandardEngineer, "standard_engineer")]
    [InlineData(SystemRole.AdvancedEngineer, "advanced_engineer")]
    [InlineData(SystemRole.Manager, "manager")]
    [InlineData(SystemRole.Admin, "admin")]
    public void Roles_are_named_in_snake_case(SystemRole role, string name) => Assert.Equal(name, AccessPolicy.NameOf(role));

    [Theory]
    [InlineData(SystemRole.Guest, 1, 1, 1)]
    [InlineData(SystemRole.StandardEngineer, 10, 20, 3)]
    [InlineData(SystemRole.AdvancedEngineer, 50, 100, 10)]
    [InlineData(SystemRole.Manager, null, null, 20)]
    [InlineData(SystemRole.Admin, null, null, null)]
    public void Quotas_come_with_the_role(SystemRole role, int? projects, int? datasets, int? jobs) =>
        Assert.Equal(new AccountQuota(projects, datasets, jobs), AccountQuota.For(role));
}
