using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Invitations;

namespace VisionPlatform.Domain.Tests.Invitations;

public sealed class InvitationRolesTests
{
    [Theory]
    [InlineData(InvitationKind.Project, SystemRole.Admin, "viewer member admin")]
    [InlineData(InvitationKind.Dataset, SystemRole.Admin, "viewer annotator reviewer admin")]
    [InlineData(InvitationKind.Organization, SystemRole.Admin, "guest standard_engineer advanced_engineer manager admin")]
    [InlineData(InvitationKind.Organization, SystemRole.Manager, "guest standard_engineer advanced_engineer")]
    [InlineData(InvitationKind.Organization, SystemRole.AdvancedEngineer, "")]
    public void Each_kind_of_invitation_has_its_own_roles_and_none_offers_ownership(InvitationKind kind, SystemRole inviter, string roles) =>
        Assert.Equal(roles.Split(' ', StringSplitOptions.RemoveEmptyEntries), InvitationRoles.Of(kind, inviter));
}
