using System.Runtime.InteropServices;

namespace DmAgents.Kernel.Interop;

/// <summary>An open file descriptor. It is closed once, never while another thread's call uses it.</summary>
internal sealed class FileDescriptor : SafeHandle
{
    private const int None = -1;

    public FileDescriptor()
        : base(invalidHandleValue: None, ownsHandle: true)
    {
    }

    public FileDescriptor(int number)
        : this() => SetHandle(number);

    /// <summary>Tests the lower half only: C returns an int and leaves the upper half of the register
    /// undefined.</summary>
    public override bool IsInvalid => Number < 0;

    public int Number => unchecked((int)handle);

    protected override bool ReleaseHandle() => DeviceCalls.Close(Number) == 0;
}
