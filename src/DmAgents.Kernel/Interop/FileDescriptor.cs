using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.Interop;

/// <summary>An open file descriptor, closed once, never while a call of another thread uses it.</summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    public FileDescriptor()
        : base(ownsHandle: true)
    {
    }

    public FileDescriptor(int number)
        : base(ownsHandle: true) => SetHandle(number);

    protected override bool ReleaseHandle() => DeviceCalls.Close((int)handle) == 0;
}
