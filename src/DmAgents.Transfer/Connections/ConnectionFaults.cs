using System.Net.Sockets;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Connections;

/// <summary>The exceptions that a stream between hosts may throw. All others are bugs.</summary>
internal static class ConnectionFaults
{
    /// <summary>Text for the operator; null if it is not a connection's fault.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        WireException or IOException or SocketException => exception.Message,
        OperationCanceledException => "the connection was given up",
        // The stream was closed during a read or write.
        ObjectDisposedException => "the connection was closed",
        _ => null,
    };
}
