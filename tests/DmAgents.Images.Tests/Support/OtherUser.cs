using System.Runtime.InteropServices;

namespace DmAgents.Images.Tests.Support;

/// <summary>
/// Files are opened by this thread as a user who is not root, until this is disposed of (setfsuid(2): the calls of
/// root's that override permissions go with it).
/// </summary>
internal sealed class OtherUser : IDisposable
{
    private const int Nobody = 65534;

    public OtherUser() => Be(Nobody);

    public void Dispose() => Be(0);

    /// <summary>The call says what was before; that it has worked, only another call says.</summary>
    private static void Be(int user)
    {
        _ = SetFileSystemUser(user);
        Assert.Equal(user, SetFileSystemUser(user));
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileSystemUser(int user);
}
