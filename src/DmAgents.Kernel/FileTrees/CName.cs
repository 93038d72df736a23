using System.Globalization;
using System.Text;
using DmAgents.Domain.Ports.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>Names as the C library expects them: bytes with a terminating NUL.</summary>
internal static class CName
{
    public static byte[] Of(ReadOnlySpan<byte> name)
    {
        var terminated = new byte[name.Length + 1];
        name.CopyTo(terminated);
        return terminated;
    }

    public static byte[] Of(string name) => Of(Encoding.UTF8.GetBytes(name));

    /// <summary>The last component; "." for the root.</summary>
    public static byte[] LastOf(TreePath path) => path.IsRoot ? Of("."u8) : Of(path.Name);

    /// <summary>
    /// A path to an open handle. Through it, calls that take only paths (chmod and setxattr on an O_PATH handle) reach
    /// exactly the open inode, even a symlink itself.
    /// </summary>
    public static byte[] OfHandle(SafeFileHandle handle) =>
        Of(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}"));
}
