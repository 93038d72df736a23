using System.Runtime.InteropServices;

namespace DmAgents.Kernel.Interop;

/// <summary>An open file descriptor, closed once, never while a call of another thread uses it.</summary>
internal sealed class FileDescriptor : SafeHandle
{
    private const int None = -1;

    public FileDescriptor()
        : base(invalidHandleValue: None, ownsHandle: true)
    {
    }

    public FileDescriptor(int number)
        : this() => SetHandle(number);

    /// <summary>By the lower half: C returns an int, and leaves the upper half of the register to chance.</summary>
    public override bool IsInvalid => Number < 0;

    public int Number => unchecked((int)handle);

    protected override bool ReleaseHandle() => DeviceCalls.Close(Number) == 0;
}
