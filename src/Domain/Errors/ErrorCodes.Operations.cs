namespace VisionPlatform.Domain.Errors;

public static partial class ErrorCodes
{
    public static readonly ErrorCode OperationUnderWay = User(409, "OPERATION_UNDER_WAY", "Another operation works on this target.", "Wait until it has ended, or cancel it.");
    public static readonly ErrorCode TargetInUse = User(409, "TARGET_IN_USE", "The running app uses this target.", "Choose another target, or stop the app and use platform-cli.");
    public static readonly ErrorCode NotConfirmed = User(422, "NOT_CONFIRMED", "The operation can remove data and was not confirmed.", "Send the name of the target in the field confirm.");
}
