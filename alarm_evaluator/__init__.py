"""CloudWatch's evaluation of alarms, composite rules, suppression and metric math.

The canary (`rehearse`) and the emulator (its alarm loop) share this package.
"""

from alarm_evaluator.composite import Rule as Rule
from alarm_evaluator.composite import RuleError as RuleError
from alarm_evaluator.composite import children as children
from alarm_evaluator.composite import holds as holds
from alarm_evaluator.composite import parse_rule as parse_rule
from alarm_evaluator.metric_math import calculate as calculate
from alarm_evaluator.series import MathError as MathError
from alarm_evaluator.series import Series as Series
from alarm_evaluator.series import Value as Value
from alarm_evaluator.states import ALARM as ALARM
from alarm_evaluator.states import COMPARISON_WORDS as COMPARISON_WORDS
from alarm_evaluator.states import INSUFFICIENT_DATA as INSUFFICIENT_DATA
from alarm_evaluator.states import OK as OK
from alarm_evaluator.states import State as State
from alarm_evaluator.states import TreatMissing as TreatMissing
from alarm_evaluator.states import breaches as breaches
from alarm_evaluator.states import evaluate as evaluate
from alarm_evaluator.states import evaluation_range as evaluation_range
from alarm_evaluator.states import judge as judge
from alarm_evaluator.suppression import Moment as Moment
from alarm_evaluator.suppression import Periods as Periods
from alarm_evaluator.suppression import Suppression as Suppression
from alarm_evaluator.suppression import advance as advance
