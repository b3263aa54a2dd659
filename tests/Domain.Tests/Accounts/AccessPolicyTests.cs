using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Tests.Accounts;

/// <summary>The whole table of permissions, written out a second time so that nobody changes the policy by accident.</summary>
public sealed class AccessPolicyTests
{
    // Permission, weakest system role, weakest project role ("-" for a permission outside projects).
    private const string Table = """
        AccountSelf           Guest             -
        AccountPassword       Guest             -
        AccountSecurity       Guest             -
        ProjectsCreate        Guest             -
        ProjectsRead          Guest             Viewer
        ProjectsWrite         Guest             Admin
        ProjectsDelete        Guest             Owner
        ProjectsTransfer      Guest             Owner
        ProjectsAdminister    Admin             -
        MembersInvite         StandardEngineer  Admin
        MembersManage         Guest             Admin
        DatasetsRead          Guest             Viewer
        DatasetsWrite         Guest             Member
        DatasetsAnnotate      Guest             Member
        DatasetsDelete        Guest             Admin
        DatasetsShare         StandardEngineer  Admin
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
        LabelingRead          Guest             -
        LabelingWrite         Guest             -
        InvitationsRead       Guest             -
        InvitationsWrite      Guest             -
        OrganizationsRead     Guest             -
        QuotasRead            Manager           -
        OrganizationsInvite   Manager           -
        OrganizationsWrite    Admin             -
        UsersRead             Manager           -
        UsersWrite            Manager           -
        UsersDelete           Admin             -
        AuditRead             Admin             -
        OperationsRead        Admin             -
        OperationsRun         Admin             -
        """;

    private static readonly List<(Permission Permission, SystemRole System, ProjectRole? Project)> Rows =
    [
        .. Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(cells => (
            Enum.Parse<Permission>(cells[0]), Enum.Parse<SystemRole>(cells[1]), cells[2] == "-" ? (ProjectRole?)null : Enum.Parse<ProjectRole>(cells[2]))),
    ];

    [Fact]
    public void Every_permission_has_a_row_and_a_unique_name()
    {
        Assert.Equal(Enum.GetValues<Permission>().Order(), Rows.Select(row => row.Permission).Order());
        Assert.Equal(Rows.Count, Rows.Select(row => AccessPolicy.NameOf(row.Permission)).Distinct().Count());
    }

    [Fact]
    public void Every_system_role_holds_exactly_the_permissions_of_the_table()
    {
        foreach (var (permission, least, _) in Rows)
            foreach (var role in Enum.GetValues<SystemRole>())
                Assert.True((role >= least) == AccessPolicy.Allows(role, permission), $"{role} and {permission}");
    }

    [Fact]
    public void A_permission_in_a_project_needs_both_roles_and_a_system_admin_acts_as_owner()
    {
        foreach (var (permission, leastSystem, leastProject) in Rows)
            foreach (var system in Enum.GetValues<SystemRole>())
                foreach (var project in Enum.GetValues<ProjectRole>())
                {
                    var expected = leastProject is not null && system >= leastSystem && (system == SystemRole.Admin || project >= leastProject);
                    Assert.True(expected == AccessPolicy.Allows(system, project, permission), $"{system}, {project} and {permission}");
                }
    }

    [Fact]
    public void A_role_in_a_shared_dataset_gives_exactly_the_permissions_of_the_table()
    {
        var least = new Dictionary<Permission, DatasetRole>
        {
            [Permission.DatasetsRead] = DatasetRole.Viewer, [Permission.DatasetsWrite] = DatasetRole.Admin, [Permission.DatasetsAnnotate] = DatasetRole.Annotator, [Permission.DatasetsShare] = DatasetRole.Admin,
        };
        foreach (var (permission, leastSystem, _) in Rows)
            foreach (var system in Enum.GetValues<SystemRole>())
                foreach (var role in Enum.GetValues<DatasetRole>())
                {
                    var expected = system >= leastSystem && least.TryGetValue(permission, out var needed) && role >= needed;
                    Assert.True(expected == AccessPolicy.Allows(system, role, permission), $"{system}, {role} and {permission}");
                }
    }

    // Rows: the role that acts. Columns: the role acted on, weakest first.
    [Theory]
    [InlineData(SystemRole.Guest, "-----")]
    [InlineData(SystemRole.StandardEngineer, "-----")]
    [InlineData(SystemRole.AdvancedEngineer, "-----")]
    [InlineData(SystemRole.Manager, "+++--")]
    [InlineData(SystemRole.Admin, "+++++")]
    public void A_manager_can_only_administer_and_grant_roles_below_managers(SystemRole actor, string reach)
    {
        foreach (var (target, i) in Enum.GetValues<SystemRole>().Select((role, i) => (role, i)))
        {
            Assert.Equal(reach[i] == '+', RoleRules.MayAdminister(actor, target));
            Assert.Equal(reach[i] == '+', RoleRules.MayGrant(actor, target));
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
    [InlineData(SystemRole.Guest, 1, 1, 1, 2, 10, 10)]
    [InlineData(SystemRole.StandardEngineer, 10, 20, 3, 10, 100, 100)]
    [InlineData(SystemRole.AdvancedEngineer, 50, 100, 10, 20, 500, 500)]
    [InlineData(SystemRole.Manager, null, null, 20, 40, 1000, null)]
    [InlineData(SystemRole.Admin, null, null, null, null, null, null)]
    public void Every_system_role_has_its_limits(SystemRole role, int? projects, int? datasets, int? jobs, int? exports, int? storageGb, int? gpuHours) =>
        Assert.Equal(new AccountQuota(projects, datasets, jobs, exports, storageGb, gpuHours), AccountQuota.For(role));
}
