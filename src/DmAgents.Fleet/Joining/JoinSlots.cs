using System.Net;
using System.Net.Sockets;

namespace DmAgents.Fleet.Joining;

/// <summary>The connections that a member's port serves at once. Members have separate slots, because any stranger with
/// the address can connect: strangers cannot block a member.</summary>
public sealed class JoinSlots(JoinLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _from = [];
    private int _strangers;
    private int _members;

    /// <summary>A slot for a connection from an unknown peer. Null if there is none: the connection is
    /// closed.</summary>
    public Slot? Enter(Stream connection) =>
        Enter(((connection as NetworkStream)?.Socket.RemoteEndPoint as IPEndPoint)?.Address);

    /// <param name="from">Null if it is unknown.</param>
    private Slot? Enter(IPAddress? from)
    {
        lock (_lock)
        {
            var ofAddress = from is null ? 0 : _from.GetValueOrDefault(from);
            if (_strangers >= 2 * limits.AtOnce || ofAddress >= limits.PerAddress)
                return null;
            _strangers++;
            if (from is not null)
                _from[from] = ofAddress + 1;
            return new Slot(this, from, isBusy: _strangers > limits.AtOnce);
        }
    }

    private void LeaveStrangers(IPAddress? from)
    {
        _strangers--;
        if (from is null)
            return;
        if (_from[from] == 1)
            _from.Remove(from);
        else
            _from[from]--;
    }

    /// <summary>One connection's slot, until it is disposed.</summary>
    public sealed class Slot : IDisposable
    {
        private readonly JoinSlots _all;
        private readonly IPAddress? _from;
        private bool _isMember;

        internal Slot(JoinSlots all, IPAddress? from, bool isBusy) => (_all, _from, IsBusy) = (all, from, isBusy);

        /// <summary>The host must answer this peer that it is busy.</summary>
        public bool IsBusy { get; private set; }

        /// <summary>The peer has shown a member's certificate. Called at most once.</summary>
        public void IsMembers()
        {
            lock (_all._lock)
            {
                _all.LeaveStrangers(_from);
                _all._members++;
                _isMember = true;
                IsBusy = _all._members > _all.AtOnce;
            }
        }

        public void Dispose()
        {
            lock (_all._lock)
            {
                if (_isMember)
                    _all._members--;
                else
                    _all.LeaveStrangers(_from);
            }
        }
    }

    private int AtOnce => limits.AtOnce;
}
